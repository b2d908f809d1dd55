//! From a verdict and a fault to a reply.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::ability::{Accepted, Finish};
use crate::body::{self, Painted};
use crate::clock;
use crate::envelope::{self, Ticket};
use crate::fault::{BodyKind, Fault};
use crate::gateway;
use crate::paint::Order;
use crate::reply::Reply;
use crate::service::{Refusal, Wanted};
use crate::shared::Shared;
use crate::task::TaskState;
use crate::{codes, paint, provenance};

/// The reply to a request. An error that the fault asks for wins over everything; a success needs an accepted request.
pub(crate) fn compose(shared: &Shared, ticket: &Ticket, fault: &Fault, verdict: Result<Wanted, Refusal>) -> Reply {
    let mut reply = match asked_error(ticket, fault) {
        Some(reply) => reply,
        None => match verdict {
            Err(refusal) => refusal.reply,
            Ok(Wanted::File(file)) => Reply::new(200, file.format.media_type(), file.bytes.to_vec()),
            Ok(Wanted::Paint { order, finish }) => body::success(ticket, &picture(shared, &order, &finish), fault.body),
            Ok(Wanted::Submitted { task }) => success(ticket, json!({ "task_id": task })),
            Ok(Wanted::Task { state, accepted, finish }) => task(shared, ticket, fault, (state, accepted), &finish),
            Ok(Wanted::Cancelled) => success(ticket, Value::Null),
        },
    };
    if let Some(status) = fault.status {
        reply.status = status;
    }
    if let Some(text) = &fault.retry_after {
        reply.headers.push(("Retry-After", text.clone()));
    }
    if let Some(seconds) = fault.retry_after_date {
        reply.headers.push(("Retry-After", clock::http_date(shared.now().saturating_add(seconds))));
    }
    reply
}

fn success(ticket: &Ticket, data: Value) -> Reply {
    Reply::json(200, &envelope::cv(ticket, 10000, "Success", data))
}

fn picture(shared: &Shared, order: &Order, finish: &Finish) -> Painted {
    let format = shared.settings.output;
    let mut bytes = paint::encode(&paint::result(order, &shared.settings.distortion, finish.logo), format);
    if let Some(text) = &finish.provenance {
        bytes = provenance::mark(bytes, format, text);
    }
    let bytes: Arc<[u8]> = bytes.into();
    let file = shared.state().keep_file(format, bytes);
    let link = format!("{}/files/{}", shared.base_url(), file.name);
    Painted { file, link, as_link: finish.return_url, status: None }
}

/// The reply to a poll. A task can be done with a code that says that it failed.
fn task(
    shared: &Shared,
    ticket: &Ticket,
    fault: &Fault,
    (state, accepted): (TaskState, Option<Accepted>),
    finish: &Finish,
) -> Reply {
    let data = json!({ "binary_data_base64": null, "image_urls": null, "status": state.name() });
    match accepted {
        None => success(ticket, data),
        Some(Accepted { refuse: Some(code), .. }) => {
            let message = codes::message(code).unwrap_or("Unknown Error");
            Reply::json(codes::status(code), &envelope::cv(ticket, code, message, data))
        }
        Some(Accepted { order, .. }) => {
            let painted = Painted { status: Some(state.name()), ..picture(shared, &order, finish) };
            body::success(ticket, &painted, fault.body)
        }
    }
}

/// The error that a fault asks for, if it asks for one.
fn asked_error(ticket: &Ticket, fault: &Fault) -> Option<Reply> {
    let code = fault.code.filter(|&code| code != 10000);
    match fault.body {
        Some(kind) => error_body(ticket, fault, kind),
        None => match (code, fault.status) {
            (Some(code), _) if codes::top(code).is_some() => Some(top(ticket, code)),
            (Some(code), _) => Some(Reply::json(codes::status(code), &envelope::cv_error(ticket, code))),
            (None, Some(status)) if status >= 300 => {
                let why = format!("bad response status code {status}");
                Some(Reply::json(status, &envelope::gateway(&why, &ticket.request_id, "new_api_error", Value::Null)))
            }
            _ => None,
        },
    }
}

fn error_body(ticket: &Ticket, fault: &Fault, kind: BodyKind) -> Option<Reply> {
    let id = &ticket.request_id;
    let code = fault.code.unwrap_or(50500);
    let cv = |message: &str, data: Value| Reply::json(codes::status(code), &envelope::cv(ticket, code, message, data));
    let usual = codes::message(code).unwrap_or("Unknown Error");
    Some(match kind {
        BodyKind::Cv => cv(usual, Value::Null),
        BodyKind::CvEmptyData => cv(usual, json!({ "resp_data": "" })),
        BodyKind::ControlChars => cv("Internal\r\nError: \u{1b}[31mred\u{1b}[0m\u{7}\tend", Value::Null),
        BodyKind::Nul => cv("Internal\u{0}Error", Value::Null),
        BodyKind::Top => top(ticket, fault.code.unwrap_or(100_010)),
        BodyKind::TopCvCode => Reply::json(codes::status(code), &envelope::top_named(ticket, &code.to_string(), usual)),
        BodyKind::ResultError => {
            let body =
                json!({ "ResponseMetadata": envelope::metadata(ticket), "Result": envelope::cv_error(ticket, code) });
            Reply::json(codes::status(code), &body)
        }
        BodyKind::Gateway => Reply::json(401, &envelope::gateway("Invalid token", id, "one_api_error", "")),
        BodyKind::GatewayQuota => {
            let body = envelope::gateway("User quota is not enough", id, "new_api_error", "insufficient_user_quota");
            Reply::json(403, &body)
        }
        BodyKind::UpstreamText => upstream(envelope::cv_error(ticket, code).to_string().into()),
        BodyKind::UpstreamObject => upstream(envelope::cv_error(ticket, code)),
        BodyKind::UpstreamEmpty => upstream("".into()),
        BodyKind::SuccessFalse => Reply::json(401, &json!({ "message": "not logged in", "success": false })),
        BodyKind::Html => {
            let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway\
                        </h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
            Reply::new(502, "text/html", page.into())
        }
        BodyKind::Empty => Reply::new(504, "text/plain", Vec::new()),
        BodyKind::InnerStatus => {
            let status = fault.code.unwrap_or(201_304);
            let message = codes::message(status).unwrap_or("Algorithm Error");
            let data = json!({
                "algorithm_base_resp": { "status_code": status, "status_message": message },
                "binary_data_base64": [],
                "image_urls": null,
            });
            Reply::json(200, &envelope::cv(ticket, 10000, "Success", data))
        }
        BodyKind::NoPicture => Reply::json(200, &body::without_picture(ticket, &json!([]))),
        BodyKind::NullArrays => Reply::json(200, &body::without_picture(ticket, &Value::Null)),
        BodyKind::Redirect => {
            let elsewhere = || {
                let Ticket { action, version, .. } = ticket;
                format!("{}/elsewhere?Action={action}&Version={version}", gateway::PATH)
            };
            let mut reply = Reply::new(307, "text/plain", Vec::new());
            reply.headers.push(("Location", fault.location.clone().unwrap_or_else(elsewhere)));
            reply
        }
        _ => return None,
    })
}

fn top(ticket: &Ticket, code: u32) -> Reply {
    let error = codes::top(code).unwrap_or(codes::Top { number: Some(code), ..codes::INTERNAL_ERROR });
    Reply::json(error.status, &envelope::top(ticket, error, "the emulator was asked for this error"))
}

fn upstream(inner: Value) -> Reply {
    let body = json!({ "code": "upstream_error", "data": null, "message": "", "upsream_message": inner });
    Reply::json(406, &body)
}
