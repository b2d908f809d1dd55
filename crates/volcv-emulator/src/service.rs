//! What a request asks for, after the checks that the gateway and the service make.

use serde_json::Value;

use crate::codes;
use crate::envelope::{self, Ticket};
use crate::http::Head;
use crate::order::{self, Accepted, Objection};
use crate::reply::Reply;
use crate::shared::{File, Shared};

/// The only path of the service.
pub(crate) const PATH: &str = "/volcv/v1";
const FILES: &str = "/files/";

/// An accepted request.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// Paint a picture and send it, or (for a task) only its id.
    Paint { accepted: Box<Accepted>, task: bool },
    /// Tell about a task.
    Task { file: Option<File>, return_url: bool },
    /// Send a stored picture.
    File(File),
}

/// A refused request.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) reply: Reply,
    pub(crate) why: String,
}

/// Decides about a request whose body is complete, and returns the body's JSON for the record.
pub(crate) fn judge(
    shared: &Shared,
    ticket: &Ticket,
    head: &Head,
    body: &[u8],
) -> (Result<Wanted, Refusal>, Option<Value>) {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let verdict = route(shared, ticket, head).and_then(|route| match route {
        Route::File(file) => Ok(Wanted::File(file)),
        Route::Action(action) => {
            perform(shared, head, action, body, json.as_ref()).map_err(|objection| refuse(ticket, &objection))
        }
    });
    (verdict, json.map(order::without_pictures))
}

/// Whether the request carries an accepted bearer key.
pub(crate) fn key_ok(shared: &Shared, head: &Head) -> bool {
    let sent = head.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    match &shared.settings.key {
        Some(key) => sent == Some(key),
        None => sent.is_some_and(|sent| !sent.trim().is_empty()),
    }
}

enum Route {
    File(File),
    Action(Action),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Process,
    Submit,
    Result,
}

/// The checks of the gateways: path, method, key, action and version.
fn route(shared: &Shared, ticket: &Ticket, head: &Head) -> Result<Route, Refusal> {
    let id = &ticket.request_id;
    if head.method == "GET"
        && let Some(name) = head.path.strip_prefix(FILES)
    {
        if head.header("authorization").is_some() {
            let why = "a link to a result is public: no key may be sent to it";
            return Err(refusal(400, &envelope::gateway(why, id, "invalid_request_error", ""), why));
        }
        if let Some(file) = shared.state().file(name) {
            return Ok(Route::File(file));
        }
    }
    if head.method != "POST" || head.path != PATH {
        let why = format!("Invalid URL ({} {})", head.method, head.path);
        return Err(refusal(404, &envelope::gateway(&why, id, "invalid_request_error", ""), &why));
    }
    if !key_ok(shared, head) {
        let why = if head.header("authorization").is_some() { "Invalid token" } else { "No token provided" };
        return Err(refusal(401, &envelope::gateway(why, id, "new_api_error", Value::Null), why));
    }
    let action = match ticket.action.as_str() {
        "CVProcess" => Some(Action::Process),
        "CVSync2AsyncSubmitTask" => Some(Action::Submit),
        "CVSync2AsyncGetResult" => Some(Action::Result),
        _ => None,
    };
    action.filter(|_| ticket.version == "2022-08-31").map(Route::Action).ok_or_else(|| {
        let why = format!("Could not find operation {} for version {}", ticket.action, ticket.version);
        refusal(404, &envelope::top(ticket, "InvalidActionOrVersion", Some(100_008), &why), &why)
    })
}

/// The checks of the service: the JSON and everything in it.
fn perform(
    shared: &Shared,
    head: &Head,
    action: Action,
    body: &[u8],
    json: Option<&Value>,
) -> Result<Wanted, Objection> {
    let objection = |code, why: &str| Err(Objection { code, why: why.to_owned() });
    let media_type = head.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if media_type.split(';').next().map(str::trim) != Some("application/json") {
        return objection(50204, "Content-Type is not application/json");
    }
    if head.header("content-encoding").is_some() {
        return objection(50204, "Content-Encoding is not supported");
    }
    let Some(object) = json.and_then(Value::as_object) else {
        return objection(50204, "the body is not a JSON object in UTF-8");
    };
    if object.get("req_key").and_then(Value::as_str) != Some("i2i_outpainting") {
        return objection(50215, "req_key is not i2i_outpainting");
    }
    if action == Action::Result {
        return task(shared, object);
    }
    let base_url = shared.base_url();
    let files = |link: &str| order::own_file(&shared.state(), &base_url, link);
    let accepted = Box::new(order::accept(object, digest(body), &files)?);
    Ok(Wanted::Paint { accepted, task: action == Action::Submit })
}

/// A poll: the task's picture under the id that submitting gave, and how the client wants it.
fn task(shared: &Shared, object: &serde_json::Map<String, Value>) -> Result<Wanted, Objection> {
    let Some(id) = object.get("task_id").and_then(Value::as_str) else {
        return Err(Objection { code: 50200, why: "task_id: expected a string".to_owned() });
    };
    let options: Value = match object.get("req_json") {
        None => Value::Null,
        Some(text) => text
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| Objection { code: 50200, why: "req_json: expected a string that holds JSON".to_owned() })?,
    };
    let file = id.strip_prefix("task-").and_then(|name| shared.state().file(name));
    Ok(Wanted::Task { file, return_url: options["return_url"].as_bool().unwrap_or(false) })
}

fn refuse(ticket: &Ticket, objection: &Objection) -> Refusal {
    let Objection { code, why } = objection;
    let message = format!("{}: {why}", codes::message(*code).unwrap_or("Unknown Error"));
    let reply = Reply::json(codes::status(*code), &envelope::cv(ticket, *code, &message, Value::Null));
    Refusal { reply, why: format!("{code}: {why}") }
}

fn refusal(status: u16, body: &Value, why: &str) -> Refusal {
    Refusal { reply: Reply::json(status, body), why: why.to_owned() }
}

/// A number that stands for a body: FNV-1a, which stays the same in every build.
pub(crate) fn digest(body: &[u8]) -> u64 {
    body.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}
