//! Tasks that were handed in and whose pictures are not written yet: each is in a file beside OUT, so that a program that is
//! killed, or waits no longer, has lost nothing that may be paid for.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use volcv::{CallOptions, Error, Task};

use crate::output::Target;
use crate::progress::Bar;
use crate::report::{self, CliError, Report};
use crate::save;

/// The account of the tasks of one command; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Pending {
    /// `None` if OUT is standard output, or if there are no tasks.
    out: Option<PathBuf>,
    tasks: Arc<Mutex<Vec<Kept>>>,
}

struct Kept {
    task: Task,
    /// `None` if it could not be written; the task was shown then.
    file: Option<PathBuf>,
    goes_on: bool,
}

impl Pending {
    /// For commands whose calls are no tasks.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Refuses to begin while there is a task of an earlier run: it may be paid for, and its picture may be there.
    pub(crate) fn prepare(target: &Target) -> Result<Self, CliError> {
        let Some(out) = target.file() else { return Ok(Self::default()) };
        if let [found, others @ ..] = earlier(out).as_slice() {
            let (found, command) = (found.display(), command(found, out, others.len() + 1));
            let message = format!("{found} holds a task of an earlier run; `{command}` gets its picture");
            return Err(CliError::config(format!("{message}, or remove the file")));
        }
        Ok(Self { out: Some(out.to_owned()), tasks: Arc::default() })
    }

    /// Keeps each task as soon as the service has accepted it.
    pub(crate) fn watch(&self, options: CallOptions, bar: &Bar) -> CallOptions {
        let (pending, bar) = (self.clone(), bar.to_note());
        options.on_task(move |task| {
            let written = pending.out.as_ref().map(|out| save::save_beside(out, save::TASK, line(task).as_bytes()));
            let file = match written {
                Some(Ok(file)) => Some(file),
                Some(Err(error)) => {
                    bar("warning", &format!("the task cannot be kept in a file: {error}; it is {task}"));
                    None
                }
                None => {
                    bar("note", &format!("the task is handed in: {task}"));
                    None
                }
            };
            pending.lock().push(Kept { task: task.clone(), file, goes_on: false });
        })
    }

    /// The wait for a task has failed. Its file stays if the task can be waited for again.
    pub(crate) fn failed(&self, error: &Error) {
        let Some(task) = error.task().filter(|_| !error.task_has_ended()) else { return };
        self.lock().iter_mut().filter(|kept| kept.task == *task).for_each(|kept| kept.goes_on = true);
    }

    /// Removes the files of tasks whose pictures are written, and says how to get those of the others.
    pub(crate) fn settle(&self, report: &Report) {
        let mut tasks = self.lock();
        let stays = |kept: &Kept| kept.goes_on || report.has_lost_a_picture();
        let count = tasks.iter().filter(|kept| stays(kept)).count();
        for kept in tasks.drain(..) {
            let state = if kept.goes_on { "goes on" } else { "is kept" };
            match (&kept.file, &self.out) {
                (Some(file), Some(out)) if stays(&kept) => {
                    let command = command(file, out, count);
                    report::note("note", format!("the task {state}; `{command}` gets its picture"));
                }
                (Some(file), _) => remove(file),
                // It was shown when it was handed in, maybe long ago.
                (None, _) if kept.goes_on => report::note("note", format!("the task {state}: {}", kept.task)),
                (None, _) => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task as a file holds it.
pub(crate) fn line(task: &Task) -> String {
    format!("{task}\n")
}

/// Removes the file of a task that another command has kept for OUT, once the picture is there.
pub(crate) fn fetched(file: &Path, out: &Path) {
    if earlier(out).iter().any(|found| found == file) {
        remove(file);
    }
}

fn remove(file: &Path) {
    if let Err(error) = fs::remove_file(file) {
        report::note("note", format!("{} is not needed any more: {error}", file.display()));
    }
}

/// What gets the picture of a task, one of so many: their pictures must not replace each other.
fn command(file: &Path, out: &Path, count: usize) -> String {
    let out = if count == 1 { out } else { Path::new("OUT") };
    format!("volcv task wait {} -o {}", file.display(), out.display())
}

/// The files of tasks beside OUT.
fn earlier(out: &Path) -> Vec<PathBuf> {
    let Some(name) = out.file_name() else { return Vec::new() };
    let start = format!("{}{}", name.to_string_lossy(), save::TASK);
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    let ours = names.filter(|found| found.to_string_lossy().starts_with(&start));
    ours.map(|found| out.with_file_name(found)).collect()
}
