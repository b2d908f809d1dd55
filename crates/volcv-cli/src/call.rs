//! `volcv call`: any JSON object in, the service's JSON out.

use std::process::ExitCode;

use serde_json::Value;
use volcv_transport::core::bytes::Bytes;
use volcv_transport::{CallOptions, CancelToken, CvRequest};

use crate::args::CallArgs;
use crate::client::Client;
use crate::input;
use crate::progress::Bar;
use crate::report::{self, Failure, Report};

/// Makes the call and prints the service's reply as it came.
pub(crate) fn run(args: &CallArgs, cancel: &CancelToken) -> ExitCode {
    match call(args, cancel) {
        Ok(reply) => {
            let mut reply = Vec::from(reply);
            if reply.last() != Some(&b'\n') {
                reply.push(b'\n');
            }
            report::result(&reply)
        }
        Err(failure) => Report::failed(failure).print(args.connection.json),
    }
}

fn call(args: &CallArgs, cancel: &CancelToken) -> Result<Bytes, Failure> {
    let text = input::read("body", &args.body, cancel)?;
    let body: Value = serde_json::from_slice(&text)
        .map_err(|error| Failure::invalid_input(format!("the body is not valid JSON: {error}")))?;
    let mut request =
        CvRequest::new(&args.action, &args.version, body).map_err(|error| Failure::invalid_input(error.to_string()))?;
    for (key, value) in &args.query {
        request = request.query_item(key, value);
    }
    let client = Client::connect(&args.connection, None)?;
    let bar = Bar::new(&args.connection);
    let options = bar.watch(CallOptions::new().cancel(cancel), 1);
    Ok(client.call(request, &options)?.body)
}
