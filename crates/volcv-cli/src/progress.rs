//! The progress bar: bytes while they move, a clock while the service works.

use std::fmt::Display;
use std::io::{IsTerminal as _, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use volcv::{CallOptions, Phase, Progress};

use crate::args::ConnectionArgs;
use crate::report;

const BYTES: &str = "{spinner} {msg} [{bar:30}] {bytes}/{total_bytes}";
const COUNT: &str = "{spinner} {msg} {bytes}";
const CLOCK: &str = "{spinner} {msg} {elapsed}";

/// A bar on standard error; it disappears when it is dropped.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// A bar that is drawn only on a terminal, and only if the caller wants it at all.
    pub(crate) fn new(args: &ConnectionArgs) -> Self {
        if args.json || args.quiet || !stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    /// Lets one of `calls` calls report to this bar.
    pub(crate) fn watch(&self, options: CallOptions, calls: usize) -> CallOptions {
        if self.0.is_hidden() {
            return options;
        }
        let bar = self.0.clone();
        if calls > 1 {
            // Calls that run at the same time share one observer, so only the clock makes sense for them.
            set_style(&bar, CLOCK);
            bar.set_message(format!("making {calls} pictures"));
            return options;
        }
        let stage = Mutex::new(Stage::default());
        options.progress(move |progress| {
            stage.lock().unwrap_or_else(PoisonError::into_inner).show(&bar, "", progress);
        })
    }

    /// What writes lines as [`Bar::note`] does, for callbacks.
    pub(crate) fn to_note(&self) -> impl Fn(&str, &str) + Send + Sync + use<> {
        let bar = self.0.clone();
        move |label, text| bar.suspend(|| report::note(label, text))
    }

    /// Writes a line to standard error that the bar does not overwrite.
    pub(crate) fn note(&self, label: &str, text: impl Display) {
        self.0.suspend(|| report::note(label, text));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The part of a call that a bar shows.
#[derive(Debug, Default)]
pub(crate) struct Stage(Option<(Phase, u32)>);

impl Stage {
    /// Shows how far a call is; `lead` is what stands before it in the bar's template.
    pub(crate) fn show(&mut self, bar: &ProgressBar, lead: &str, progress: &Progress) {
        if matches!(self.0, Some((Phase::Task, _))) && is_question(progress) {
            return;
        }
        let stage = Some((progress.phase, progress.attempt));
        if self.0 != stage {
            self.0 = stage;
            enter(bar, lead, progress);
        }
        match progress.phase {
            Phase::Uploading => bar.set_position(progress.sent),
            Phase::Downloading => bar.set_position(progress.received),
            _ => {}
        }
    }

    /// Shows a text and a clock.
    pub(crate) fn clock(&mut self, bar: &ProgressBar, lead: &str, text: &'static str) {
        self.0 = None;
        bar.set_message(text);
        bar.reset_elapsed();
        set_style(bar, &format!("{lead}{CLOCK}"));
    }
}

/// Whether this is a question about a task, which is too short to be shown; only the picture in an answer is large.
fn is_question(progress: &Progress) -> bool {
    const LARGE: u64 = 64 << 10;
    match progress.phase {
        Phase::Downloading => progress.receive_total.is_none_or(|bytes| bytes < LARGE),
        phase => phase != Phase::Backoff,
    }
}

/// Another phase or another attempt has begun.
fn enter(bar: &ProgressBar, lead: &str, progress: &Progress) {
    let (template, length) = match progress.phase {
        Phase::Uploading => (BYTES, Some(progress.send_total)),
        Phase::Downloading if progress.receive_total.is_some() => (BYTES, progress.receive_total),
        Phase::Downloading => (COUNT, None),
        _ => (CLOCK, None),
    };
    let phase = match progress.backoff {
        Some(backoff) => format!("{}, trying again in {:.1} s", backoff.reason, backoff.wait.as_secs_f64()),
        None => progress.phase.to_string(),
    };
    bar.set_message(match progress.attempt {
        // The number of a question about a task says nothing.
        _ if progress.phase == Phase::Task => phase,
        1 => phase,
        attempt => format!("attempt {attempt}: {phase}"),
    });
    bar.set_position(0);
    if let Some(length) = length {
        bar.set_length(length);
    }
    bar.reset_elapsed();
    // Last, because every change may be drawn: the new bar must not show the numbers of the old phase.
    set_style(bar, &format!("{lead}{template}"));
}

pub(crate) fn set_style(bar: &ProgressBar, template: &str) {
    // The templates are constants; one that cannot be read would only leave the bar plainer.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}
