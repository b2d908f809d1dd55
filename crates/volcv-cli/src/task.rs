//! `volcv task`: hands tasks in, and gets their results later, from another process too.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use volcv::TaskStatus;
use volcv::{CallOptions, CancelToken, Error, InvalidInput, Task, TaskActions, TaskReport, TaskRequest};

use crate::args::{ConnectionArgs, SubmitArgs, TaskArg, TaskCommand};
use crate::client::Client;
use crate::early::Early;
use crate::input::{self, STDIN};
use crate::make::Saver;
use crate::output::{STDOUT, Target};
use crate::pending::{self, Pending, line};
use crate::progress::Bar;
use crate::report::{self, CliError, Report};
use crate::store::Store;
use crate::{call, save};

/// Runs one of the commands and prints what came of it.
pub(crate) fn run(command: &TaskCommand, cancel: &CancelToken) -> ExitCode {
    let mut report = Report::default();
    let connection = command.connection();
    let done = match command {
        TaskCommand::Submit(args) => submit_body(args, cancel, &mut report),
        TaskCommand::Get(args) => {
            let out = args.output.as_deref();
            Asking { connection, cancel, out }.get(&args.task, args.wait, &mut report)
        }
        TaskCommand::Wait(args) => {
            Asking { connection, cancel, out: Some(&args.output) }.get(&args.task, true, &mut report)
        }
        TaskCommand::Cancel(args) => Asking { connection, cancel, out: None }.give_up(&args.task, &mut report),
    };
    if let Err(failure) = done {
        report.failures.push(failure);
    }
    report.print(connection.json)
}

/// Hands a task in, and writes it to a file or prints it.
pub(crate) fn submit(
    client: &Client,
    request: &TaskRequest,
    out: Option<&Path>,
    connection: &ConnectionArgs,
    cancel: &CancelToken,
    report: &mut Report,
) -> Result<(), CliError> {
    let (task, answer) = {
        let bar = Bar::new(connection);
        client.submit(request, &bar.watch(CallOptions::new().cancel(cancel), 1))?
    };
    answer.warnings.iter().for_each(|text| report.warn(text.clone()));
    report.count(answer.request_id.as_deref(), answer.attempts.len());
    report.task = Some(task.clone());
    let Some(out) = file(out) else { return Ok(()) };
    save::save(out, line(&task).as_bytes()).map_err(|error| {
        report::note("note", format!("the task is handed in: {task}"));
        CliError::config(format!("cannot write {}: {error}", out.display())).of_task(&task)
    })?;
    report.task_file = Some(out.to_owned());
    Ok(())
}

/// Checks that a task can be written, before it is paid for. A file that is there may hold an earlier one.
pub(crate) fn check(out: Option<&Path>) -> Result<(), CliError> {
    let Some(out) = file(out) else { return Ok(()) };
    let written = match fs::symlink_metadata(out) {
        Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is there already, and may hold another task")),
        Err(_) => save::check(out),
    };
    written.map_err(|error| CliError::config(format!("cannot write {}: {error}", out.display())))
}

fn file(out: Option<&Path>) -> Option<&Path> {
    out.filter(|out| *out != Path::new(STDOUT))
}

fn submit_body(args: &SubmitArgs, cancel: &CancelToken, report: &mut Report) -> Result<(), CliError> {
    check(args.output.as_deref())?;
    let actions = TaskActions::from(args.actions);
    let request = call::request(&args.request, actions.submit(), TaskActions::VERSION, cancel)?;
    let request = TaskRequest::new(request).map_err(Error::from)?.actions(actions);
    let client = Client::connect(&args.connection, None)?;
    submit(&client, &request, args.output.as_deref(), &args.connection, cancel, report)
}

/// Asks about tasks that were handed in before.
struct Asking<'a> {
    connection: &'a ConnectionArgs,
    cancel: &'a CancelToken,
    out: Option<&'a Path>,
}

impl Asking<'_> {
    fn get(&self, arg: &TaskArg, wait: bool, report: &mut Report) -> Result<(), CliError> {
        let target = self.out.map(|out| Target::new(out, 1).prepare(self.connection.json, false)).transpose()?;
        let task = task(arg, self.cancel)?;
        let client = Client::connect(self.connection, self.out)?;
        let bar = Bar::new(self.connection);
        let options = bar.watch(CallOptions::new().cancel(self.cancel), 1);
        let result = if wait {
            client.wait(&task, &options)
        } else {
            let answer = client.task_status(&task, &options);
            report.status = answer.as_ref().ok().map(|answer| answer.status.clone());
            match answer {
                Ok(TaskReport { status, outcome: None, .. }) => return Err(CliError::of_status(&task, &status)),
                Ok(TaskReport { outcome: Some(outcome), .. }) => Ok(outcome),
                Err(error) => Err(error),
            }
        };
        let Some(target) = target else {
            // Only the state was asked for.
            let outcome = result?;
            report.count(outcome.request_id.as_deref(), outcome.attempts.len());
            return Ok(());
        };
        let store = Store { target: &target, client: &client, bar: &bar, early: Early::default(), report };
        Saver { options: &options, seeds: &[], pending: &Pending::none(), store }.take(0, result);
        if let (Some(file), Some(out), true) = (&arg.task, self.out, report.failures.is_empty()) {
            pending::fetched(file, out);
        }
        Ok(())
    }

    fn give_up(&self, arg: &TaskArg, report: &mut Report) -> Result<(), CliError> {
        let task = task(arg, self.cancel)?;
        let client = Client::connect(self.connection, None)?;
        let bar = Bar::new(self.connection);
        client.cancel_task(&task, &bar.watch(CallOptions::new().cancel(self.cancel), 1))?;
        report.status = Some(TaskStatus::Other("cancelled".to_owned()));
        Ok(())
    }
}

/// The task that the arguments name.
fn task(arg: &TaskArg, cancel: &CancelToken) -> Result<Task, CliError> {
    let invalid = |error: InvalidInput| CliError::invalid_input(error.to_string());
    if let (Some(id), Some(req_key)) = (&arg.id, &arg.req_key) {
        let task = Task::new(id, req_key).map_err(invalid)?.actions(arg.actions.unwrap_or_default().into());
        return Ok(if arg.return_url { task.return_url(true) } else { task });
    }
    // Clap wants one of the two.
    let place = arg.task.as_deref().unwrap_or(Path::new(STDIN));
    let text = match place.to_str().filter(|text| text.trim_start().starts_with('{')) {
        Some(line) => line.to_owned(),
        None => String::from_utf8_lossy(&input::read("task", place, cancel)?).into_owned(),
    };
    text.parse().map_err(invalid)
}
