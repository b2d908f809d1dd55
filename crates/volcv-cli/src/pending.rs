//! Tasks that were handed in and whose pictures are not written yet: each is in a file beside OUT, so that a program that is
//! killed, or waits no longer, has lost nothing that may be paid for.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use volcv::{CallOptions, Error, ErrorKind, Task};

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
        let out = target.file();
        if let Some(found) = out.and_then(earlier) {
            let (found, out) = (found.display(), out.unwrap_or(Path::new("OUT")).display());
            return Err(CliError::config(format!(
                "{found} holds a task of an earlier run; get its picture by `volcv task wait {found} -o {out}`, or remove the file"
            )));
        }
        Ok(Self { out: out.map(Path::to_owned), tasks: Arc::default() })
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
        let Some(task) = error.task().filter(|_| !has_ended(error)) else { return };
        self.lock().iter_mut().filter(|kept| kept.task == *task).for_each(|kept| kept.goes_on = true);
    }

    /// Removes the files of tasks whose pictures are written, and says how to get those of the others.
    pub(crate) fn settle(&self, report: &Report) {
        for Kept { task, file, goes_on } in self.lock().drain(..) {
            match file {
                Some(file) if goes_on || report.has_lost_a_picture() => {
                    let file = file.display();
                    report::note("note", format!("the task goes on; `volcv task wait {file} -o OUT` gets its picture"));
                }
                None if goes_on => report::note("note", format!("the task goes on: {task}")),
                Some(file) => {
                    if let Err(error) = fs::remove_file(&file) {
                        report::note("note", format!("{} is not needed any more: {error}", file.display()));
                    }
                }
                None => {}
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

/// Whether nothing can come of the task any more.
fn has_ended(error: &Error) -> bool {
    use ErrorKind::{Decode, InvalidInput, Refused, Service};
    !error.is_retryable() && matches!(error.kind(), Decode | InvalidInput | Refused | Service)
}

/// A file of a task beside OUT.
fn earlier(out: &Path) -> Option<PathBuf> {
    let mut name = out.file_name()?.to_owned();
    name.push(save::TASK);
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = name.to_string_lossy().into_owned();
    let mut names = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.file_name()));
    names.find(|found| found.to_string_lossy().starts_with(&name)).map(|found| out.with_file_name(found))
}
