//! `volcv call`: any JSON object in, the service's JSON out.

use std::path::Path;
use std::process::ExitCode;

use volcv::Bytes;
use volcv::{CallOptions, CancelToken, CvRequest, InvalidInput};

use crate::args::{BodyArgs, CallArgs};
use crate::client::Client;
use crate::input::{self, STDIN};
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

/// The request of a JSON object and the pictures beside it.
pub(crate) fn request(
    args: &BodyArgs,
    action: &str,
    version: &str,
    cancel: &CancelToken,
) -> Result<CvRequest, CliError> {
    if std::iter::once(&args.body).chain(&args.images).filter(|path| *path == Path::new(STDIN)).count() > 1 {
        return Err(CliError::invalid_input("only one of the body and the images can come from standard input"));
    }
    let invalid = |error: InvalidInput| CliError::invalid_input(error.to_string());
    let text = input::read("body", &args.body, cancel)?;
    let mut request = CvRequest::from_json_text(action, version, text).map_err(invalid)?;
    for (key, value) in &args.query {
        request = request.query_item(key, value);
    }
    if args.images.is_empty() {
        return Ok(request);
    }
    let images = args.images.iter().map(|image| input::picture("image", image, cancel));
    request.with_pictures(images.collect::<Result<_, _>>()?).map_err(invalid)
}

fn call(args: &CallArgs, cancel: &CancelToken, report: &mut Report) -> Result<Bytes, CliError> {
    let request = request(&args.request, &args.action, &args.version, cancel)?;
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
