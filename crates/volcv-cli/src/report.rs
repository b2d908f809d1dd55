//! What the user gets to see: results on standard output, everything else on standard error, and the exit code.

use std::fmt;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind as UsageError;
use serde_json::{Value, json};
use volcv::{Charge, Error, ErrorKind, PictureInfo, Task, TaskStatus};

use crate::fitted::Fitted;

/// The exit code after Ctrl-C.
pub(crate) const CANCELLED: u8 = 130;

/// The exit code if a task was waited or asked for, and has not ended.
const TASK_GOES_ON: u8 = 9;

/// The end of a command.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) outputs: Vec<Saved>,
    pub(crate) request_id: Option<String>,
    pub(crate) attempts: usize,
    /// How many attempts of whole operations were billed; `None` for single calls.
    pub(crate) charges: Option<usize>,
    /// The file that shows all pictures.
    pub(crate) contact_sheet: Option<PathBuf>,
    /// The task that was handed in, and is not waited for.
    pub(crate) task: Option<Task>,
    /// The file that holds it.
    pub(crate) task_file: Option<PathBuf>,
    /// How far a task is, or what became of it.
    pub(crate) status: Option<TaskStatus>,
    /// Every warning that was shown on standard error.
    pub(crate) warnings: Vec<String>,
    /// The files of pictures that failed a check.
    pub(crate) rejected: Vec<PathBuf>,
    /// Every failure, in the order of the calls; the first one is reported and decides how the command ends.
    pub(crate) failures: Vec<CliError>,
}

/// One picture on the disk.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) path: PathBuf,
    pub(crate) info: Option<PictureInfo>,
    pub(crate) seed: Option<i64>,
    /// What a whole operation knows about it.
    pub(crate) fitted: Option<Fitted>,
}

impl Report {
    /// A command that has failed before it had any result.
    pub(crate) fn failed(failure: impl Into<CliError>) -> Self {
        Self { failures: vec![failure.into()], ..Self::default() }
    }

    /// Shows a warning and keeps it for the JSON object.
    pub(crate) fn warn(&mut self, text: String) {
        note("warning", &text);
        self.warnings.push(text);
    }

    /// Counts the attempts of a call that has succeeded.
    pub(crate) fn count(&mut self, request_id: Option<&str>, attempts: usize) {
        self.attempts += attempts;
        if self.request_id.is_none() {
            self.request_id = request_id.map(str::to_owned);
        }
    }

    /// Whether a picture was there, and could not be fetched or written.
    pub(crate) fn has_lost_a_picture(&self) -> bool {
        // An error of a wait has its task.
        self.failures.iter().any(|failure| failure.0.charge == Charge::Charged && failure.0.task.is_none())
    }

    /// Prints results and failure, and says how the process has to end.
    pub(crate) fn print(self, json: bool) -> ExitCode {
        let text = if json { format!("{}\n", self.to_json()) } else { self.to_text() };
        let printed = result(text.as_bytes());
        let Some(first) = self.failures.first() else { return printed };
        if !json {
            self.failures.iter().for_each(|failure| note("error", failure));
            if let Some(hint) = &first.0.hint {
                note("hint", hint);
            }
        }
        ExitCode::from(first.exit_code())
    }

    fn to_text(&self) -> String {
        let mut text: String = self.outputs.iter().map(|output| format!("{output}\n")).collect();
        match (&self.task, &self.task_file) {
            (Some(task), Some(file)) => text.push_str(&format!("{} task {}\n", file.display(), task.id())),
            // A failure shows the task itself.
            (Some(task), None) if self.failures.is_empty() => text.push_str(&format!("{task}\n")),
            _ => {}
        }
        if let Some(status) = self.status.as_ref().filter(|_| self.outputs.is_empty()) {
            text.push_str(&format!("{status}\n"));
        }
        if let Some(sheet) = &self.contact_sheet {
            text.push_str(&format!("{} shows all\n", sheet.display()));
        }
        text
    }

    fn to_json(&self) -> Value {
        let outputs: Value = self.outputs.iter().map(Saved::to_json).collect();
        let rejected: Value = self.rejected.iter().map(|path| path.to_string_lossy()).collect();
        let mut object = match self.error_json() {
            Some(mut error) => {
                error["rejected"] = rejected;
                json!({"ok": false, "outputs": outputs, "warnings": self.warnings, "error": error})
            }
            None => json!({
                "ok": true,
                "outputs": outputs,
                "request_id": self.request_id,
                "attempts": self.attempts,
                "warnings": self.warnings,
                "rejected": rejected,
            }),
        };
        if let Some(task) = self.task.as_ref().filter(|_| self.failures.is_empty()) {
            object["task"] = json!(task);
            object["task_file"] = self.task_file.as_ref().map(|path| path.to_string_lossy()).into();
        }
        if let Some(status) = &self.status {
            object["status"] = status.as_str().into();
        }
        if let Some(charges) = self.charges {
            object["charges"] = charges.into();
            object["contact_sheet"] = self.contact_sheet.as_ref().map(|path| path.to_string_lossy()).into();
        }
        object
    }

    /// The first failure, with the charge of the worst one and the texts of the others: no cost stays unsaid.
    fn error_json(&self) -> Option<Value> {
        let (first, others) = self.failures.split_first()?;
        let mut error = first.to_json();
        let charge = self.failures.iter().map(|failure| failure.0.charge).max();
        error["charge"] = charge.unwrap_or(first.0.charge).to_string().into();
        error["retryable"] = self.failures.iter().all(|failure| failure.0.retryable).into();
        if !others.is_empty() {
            let texts: Vec<String> = others.iter().map(ToString::to_string).collect();
            error["message"] =
                format!("{}; and {} more failed: {}", first.0.message, others.len(), texts.join("; ")).into();
        }
        Some(error)
    }
}

impl Saved {
    fn to_json(&self) -> Value {
        let size = self.info.and_then(|info| info.size);
        let mut object = json!({
            "path": self.path.to_string_lossy(),
            "width": size.map(|size| size.width),
            "height": size.map(|size| size.height),
            "format": self.info.map(|info| info.format.extension()),
            "seed": self.seed,
        });
        if let Some(fitted) = &self.fitted {
            object["operation"] = fitted.to_json();
        }
        object
    }
}

/// `wide.png 1920x640 png seed 7`; what is not known is left out.
impl fmt::Display for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(info) = self.info {
            if let Some(size) = info.size {
                write!(f, " {size}")?;
            }
            write!(f, " {}", info.format.extension())?;
        }
        if let Some(seed) = self.seed {
            write!(f, " seed {seed}")?;
        }
        self.fitted.as_ref().map_or(Ok(()), |fitted| write!(f, "{fitted}"))
    }
}

/// Why a command failed: the client's error, or one of the command's own. It is one word large.
#[derive(Debug)]
pub(crate) struct CliError(Box<Facts>);

#[derive(Debug)]
struct Facts {
    kind: ErrorKind,
    charge: Charge,
    /// For people; the JSON object has `message` and the facts in fields of their own.
    text: String,
    message: String,
    service_code: Option<Value>,
    http_status: Option<u16>,
    request_id: Option<String>,
    retryable: bool,
    attempts: usize,
    task: Option<Task>,
    hint: Option<String>,
    /// Stands for that of the kind.
    exit_code: Option<u8>,
}

impl CliError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Facts {
            kind,
            charge: Charge::None,
            text: message.clone(),
            message,
            service_code: None,
            http_status: None,
            request_id: None,
            retryable: false,
            attempts: 0,
            task: None,
            hint: None,
            exit_code: None,
        }))
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    pub(crate) fn invalid_input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    /// A task that was asked about has no result.
    pub(crate) fn of_status(task: &Task, status: &TaskStatus) -> Self {
        match status {
            TaskStatus::NotFound => Self::new(ErrorKind::Service, "the service does not know the task"),
            TaskStatus::Expired => Self::new(ErrorKind::Service, "the result of the task has been deleted"),
            status => {
                let mut pending = Self::new(ErrorKind::Timeout, format!("the task has not ended yet: {status}"));
                pending.0.retryable = true;
                pending
            }
        }
        .of_task(task)
    }

    /// A task was handed in before this went wrong; it may be paid for.
    pub(crate) fn of_task(mut self, task: &Task) -> Self {
        self.0.task = Some(task.clone());
        self.0.charge = self.0.charge.max(Charge::Unknown);
        self
    }

    /// Says which of several calls has failed.
    pub(crate) fn of_seed(mut self, seed: Option<i64>) -> Self {
        if let Some(seed) = seed {
            let facts = &mut self.0;
            facts.text.insert_str(0, &format!("seed {seed}: "));
            facts.message.insert_str(0, &format!("seed {seed}: "));
        }
        self
    }

    /// Something went wrong after a call that has succeeded, and so was paid for: running the command again would
    /// buy a second picture, even where the download alone could be tried again.
    pub(crate) fn after_payment(mut self, request_id: Option<&str>, attempts: usize) -> Self {
        let facts = &mut self.0;
        facts.charge = Charge::Charged;
        facts.retryable = false;
        facts.hint = None;
        facts.request_id = facts.request_id.take().or_else(|| request_id.map(str::to_owned));
        facts.attempts = facts.attempts.max(attempts);
        self
    }

    /// The same command can go on where this one ended.
    pub(crate) fn resumable(mut self, exit_code: u8) -> Self {
        let facts = &mut self.0;
        facts.retryable = true;
        facts.hint = Some("run the same command again to go on; nothing is bought twice".to_owned());
        facts.exit_code = Some(exit_code);
        self
    }

    fn exit_code(&self) -> u8 {
        use ErrorKind::{Connect, Timeout, Tls};
        if let Some(code) = self.0.exit_code {
            return code;
        }
        match self.0.kind {
            // Nothing is known to be lost or unpaid: the task goes on.
            Connect | Timeout | Tls if self.0.task.is_some() => TASK_GOES_ON,
            kind => exit_code(kind),
        }
    }

    fn to_json(&self) -> Value {
        let facts = &self.0;
        let mut object = json!({
            "kind": facts.kind.as_str(),
            "message": facts.message,
            "service_code": facts.service_code,
            "http_status": facts.http_status,
            "request_id": facts.request_id,
            "charge": facts.charge.to_string(),
            "retryable": facts.retryable,
            "attempts": facts.attempts,
        });
        if let Some(task) = &facts.task {
            object["task"] = json!(task);
        }
        object
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        Self(Box::new(Facts {
            kind: error.kind(),
            charge: error.charge(),
            text: error.to_string(),
            message: error.message().to_owned(),
            service_code: error.service_code().map(|code| code.to_json()),
            http_status: error.http_status(),
            request_id: error.request_id().map(str::to_owned),
            retryable: error.is_retryable(),
            attempts: error.attempts().len(),
            task: error.task().cloned(),
            hint: hint(&error),
            exit_code: None,
        }))
    }
}

/// What to do about an error, where its text does not say it yet.
fn hint(error: &Error) -> Option<String> {
    Some(match error.kind() {
        ErrorKind::OutcomeUnknown => {
            "look at the account before you run it again: it may have been paid for".to_owned()
        }
        ErrorKind::Auth => {
            "the key is taken from VOLCV_API_KEY, with --direct from VOLC_ACCESSKEY and VOLC_SECRETKEY or ~/.volc"
                .to_owned()
        }
        ErrorKind::Quota => "top up the account".to_owned(),
        ErrorKind::Throttled => match error.retry_after() {
            Some(time) => format!("run it again in {} s", time.as_secs_f64().ceil()),
            None => "wait a little and run it again".to_owned(),
        },
        ErrorKind::Refused if error.charge() == Charge::Unknown => "another --seed may pass the review".to_owned(),
        _ if error.is_retryable() && error.task().is_some() => "asking for the task again costs nothing".to_owned(),
        _ if error.is_retryable() => "it can simply be run again".to_owned(),
        _ => return None,
    })
}

/// The exit codes of the command.
fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::InvalidInput | ErrorKind::Config => 2,
        ErrorKind::Auth | ErrorKind::Quota => 3,
        ErrorKind::Refused => 4,
        ErrorKind::Throttled | ErrorKind::Service => 5,
        ErrorKind::Connect | ErrorKind::Tls | ErrorKind::Timeout => 6,
        ErrorKind::OutcomeUnknown => 7,
        ErrorKind::Decode | ErrorKind::ResponseTooLarge => 8,
        ErrorKind::Cancelled => CANCELLED,
        // A kind that this version does not know is closest to a service that failed.
        _ => 5,
    }
}

/// Ends the command after clap could not read its arguments, or was asked for help.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    match error.kind() {
        UsageError::DisplayHelp | UsageError::DisplayVersion => result(text.as_bytes()),
        _ if std::env::args_os().any(|arg| arg == "--json") => {
            // The paragraphs behind the first one are clap's tips for people.
            let first = text.split("\n\n").next().unwrap_or_default();
            let words: Vec<&str> = first.trim_start_matches("error: ").split_whitespace().collect();
            Report::failed(CliError::invalid_input(words.join(" "))).print(true)
        }
        _ => {
            // A closed standard error leaves no place for a message.
            let _ = error.print();
            ExitCode::from(exit_code(ErrorKind::InvalidInput))
        }
    }
}

/// Writes a result to standard output. A reader that has gone away is not an error of this command.
pub(crate) fn result(text: &[u8]) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            note("error", format!("cannot write to standard output: {error}"));
            ExitCode::from(exit_code(ErrorKind::Config))
        }
        _ => ExitCode::SUCCESS,
    }
}

/// Writes a line to standard error: an error, a warning, a hint.
pub(crate) fn note(label: &str, text: impl fmt::Display) {
    // A closed standard error leaves no place for a message.
    let _ = writeln!(io::stderr().lock(), "{label}: {text}");
}
