//! `volcv call`: any JSON object in, the service's JSON out.

use std::process::ExitCode;

use volcv::Bytes;
use volcv::{CallOptions, CancelToken, CvRequest};

use crate::args::CallArgs;
use crate::client::Client;
use crate::input;
use crate::progress::Bar;
use crate::rejected::{self, Reason};
use crate::report::{self, CliError, Report};
use crate::save;

/// Makes the call and prints the service's reply as it came.
pub(crate) fn run(args: &CallArgs, cancel: &CancelToken) -> ExitCode {
    let mut report = Report::default();
    match call(args, cancel, &mut report) {
        Ok(reply) => {
            let mut reply = Vec::from(reply);
            if reply.last() != Some(&b'\n') {
                reply.push(b'\n');
            }
            report::result(&reply)
        }
        Err(failure) => {
            report.failures.push(failure);
            report.print(args.connection.json)
        }
    }
}

fn call(args: &CallArgs, cancel: &CancelToken, report: &mut Report) -> Result<Bytes, CliError> {
    let text = input::read("body", &args.body, cancel)?;
    let mut request = CvRequest::from_json_text(&args.action, &args.version, text)
        .map_err(|error| CliError::invalid_input(error.to_string()))?;
    for (key, value) in &args.query {
        request = request.query_item(key, value);
    }
    let client = Client::connect(&args.connection, None)?;
    let bar = Bar::new(&args.connection);
    let options = bar.watch(CallOptions::new().cancel(cancel), 1);
    match client.call(request, &options) {
        // Whatever the reply holds is in its text, so nothing of it has to be kept elsewhere.
        Ok(outcome) => {
            outcome.warnings.iter().for_each(|warning| bar.note("warning", warning));
            Ok(outcome.body)
        }
        Err(error) => {
            for bytes in error.rejected_pictures() {
                report.rejected.extend(rejected::tell(&bar, save::rescue(bytes, save::REJECTED), Reason::FailedCheck));
            }
            Err(error.into())
        }
    }
}
