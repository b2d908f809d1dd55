//! From a verdict and a fault to a reply.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::body::{self, Painted};
use crate::clock;
use crate::envelope::{self, Ticket};
use crate::fault::{BodyKind, Fault};
use crate::order::Accepted;
use crate::reply::Reply;
use crate::service::{self, Refusal, Wanted};
use crate::shared::{File, Shared};
use crate::{codes, paint, provenance};

/// The reply to a request. An error that the fault asks for wins over everything; a success needs an accepted request.
pub(crate) fn compose(shared: &Shared, ticket: &Ticket, fault: &Fault, verdict: Result<Wanted, Refusal>) -> Reply {
    let mut reply = match asked_error(ticket, fault) {
        Some(reply) => reply,
        None => match verdict {
            Err(refusal) => refusal.reply,
            Ok(Wanted::File(file)) => Reply::new(200, file.format.media_type(), file.bytes.to_vec()),
            Ok(Wanted::Paint { accepted, task: false }) => {
                let painted = picture(shared, &accepted);
                body::success(ticket, &painted, fault.body)
            }
            Ok(Wanted::Paint { accepted, task: true }) => {
                let painted = picture(shared, &accepted);
                let data = json!({ "task_id": format!("task-{}", painted.file.name) });
                Reply::json(200, &envelope::cv(ticket, 10000, "Success", data))
            }
            Ok(Wanted::Task { file, return_url }) => task(shared, ticket, fault, file, return_url),
        },
    };
    if let Some(status) = fault.status {
        reply.status = status;
    }
    if let Some(text) = &fault.retry_after {
        reply.headers.push(("Retry-After", text.clone()));
    }
    if let Some(seconds) = fault.retry_after_date {
        reply.headers.push(("Retry-After", clock::http_date(seconds)));
    }
    reply
}

fn picture(shared: &Shared, accepted: &Accepted) -> Painted {
    let format = shared.settings.output;
    let mut bytes = paint::encode(&paint::result(&accepted.order, &shared.settings.distortion), format);
    if let Some(text) = &accepted.provenance {
        bytes = provenance::mark(bytes, format, text);
    }
    let bytes: Arc<[u8]> = bytes.into();
    let file = shared.state().keep_file(format, bytes);
    painted(shared, file, accepted.return_url)
}

fn painted(shared: &Shared, file: File, as_link: bool) -> Painted {
    let link = format!("{}/files/{}", shared.base_url(), file.name);
    Painted { file, link, as_link, status: None }
}

fn task(shared: &Shared, ticket: &Ticket, fault: &Fault, file: Option<File>, return_url: bool) -> Reply {
    match file {
        Some(file) => {
            let painted = Painted { status: Some("done"), ..painted(shared, file, return_url) };
            body::success(ticket, &painted, fault.body)
        }
        None => Reply::json(200, &envelope::cv(ticket, 10000, "Success", json!({ "status": "not_found" }))),
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
        BodyKind::TopCvCode => Reply::json(codes::status(code), &envelope::top(ticket, &code.to_string(), None, usual)),
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
                format!("{}/elsewhere?Action={action}&Version={version}", service::PATH)
            };
            let mut reply = Reply::new(307, "text/plain", Vec::new());
            reply.headers.push(("Location", fault.location.clone().unwrap_or_else(elsewhere)));
            reply
        }
        _ => return None,
    })
}

fn top(ticket: &Ticket, code: u32) -> Reply {
    let (name, status) = codes::top(code).unwrap_or(("InternalError", 500));
    Reply::json(status, &envelope::top(ticket, name, Some(code), "the emulator was asked for this error"))
}

fn upstream(inner: Value) -> Reply {
    let body = json!({ "code": "upstream_error", "data": null, "message": "", "upsream_message": inner });
    Reply::json(406, &body)
}
