//! What a request asks for, after the checks that the gateways and the service make.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::ability::{Ability, Accepted, Finish, Objection, Surroundings};
use crate::codes;
use crate::direct::{self, Denial, Rules};
use crate::envelope::{self, Ticket};
use crate::gateway;
use crate::http::Head;
use crate::kind::{AccessKind, Action, TaskActions};
use crate::paint::Order;
use crate::record;
use crate::reply::Reply;
use crate::shared::{File, Shared};
use crate::task::{TaskName, TaskState};

/// The path in front of the names of results.
pub(crate) const FILES: &str = "/files/";

/// An accepted request.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// Paint a picture and send it.
    Paint { order: Arc<Order>, finish: Finish },
    /// Send the id of a task that has been taken.
    Submitted { task: String },
    /// Tell about a task; with a done one comes what it was to make.
    Task { state: TaskState, accepted: Option<Accepted>, finish: Finish },
    /// Say that a task has been cancelled.
    Cancelled,
    /// Send a stored picture.
    File(File),
}

impl Wanted {
    /// Whether a real service could bill for it.
    pub(crate) fn is_charged(&self) -> bool {
        matches!(self, Self::Paint { .. } | Self::Submitted { .. })
    }
}

/// A refused request.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) reply: Reply,
    pub(crate) why: String,
}

/// What is known of a request whose body is complete.
#[derive(Debug)]
pub(crate) struct Judgement {
    pub(crate) verdict: Result<Wanted, Refusal>,
    /// Whether key or signature are right.
    pub(crate) key_ok: bool,
    /// The body's JSON for the record.
    pub(crate) json: Option<Value>,
}

/// Decides about a request whose body is complete.
pub(crate) fn judge(shared: &Shared, ticket: &Ticket, head: &Head, body: &[u8]) -> Judgement {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let admitted = match AccessKind::of(head) {
        Some(AccessKind::Gateway) if head.method == "POST" => admit_to_gateway(shared, ticket, head),
        Some(AccessKind::Direct) => admit_directly(shared, ticket, head, body),
        _ => {
            let verdict = file(shared, ticket, head).map(Wanted::File);
            let key_ok = gateway::key_ok(&shared.settings, head);
            return Judgement { verdict, key_ok, json: json.map(record::without_pictures) };
        }
    };
    let key_ok = admitted.is_ok();
    let verdict = admitted.and_then(|()| action(ticket, head)).and_then(|action| {
        perform(shared, head, action, body, json.as_ref()).map_err(|objection| refuse(ticket, &objection))
    });
    Judgement { verdict, key_ok, json: json.map(record::without_pictures) }
}

/// A download of a result; every other path is unknown.
fn file(shared: &Shared, ticket: &Ticket, head: &Head) -> Result<File, Refusal> {
    let id = &ticket.request_id;
    if head.method == "GET"
        && let Some(name) = head.path.strip_prefix(FILES)
    {
        if ["authorization", "x-security-token"].iter().any(|name| head.header(name).is_some()) {
            let why = "a link to a result is public: no key may be sent to it";
            return Err(refusal(400, &envelope::gateway(why, id, "invalid_request_error", ""), why));
        }
        if let Some(file) = shared.state().file(name) {
            return Ok(file);
        }
    }
    let why = format!("Invalid URL ({} {})", head.method, head.path);
    Err(refusal(404, &envelope::gateway(&why, id, "invalid_request_error", ""), &why))
}

fn admit_to_gateway(shared: &Shared, ticket: &Ticket, head: &Head) -> Result<(), Refusal> {
    if gateway::key_ok(&shared.settings, head) {
        return Ok(());
    }
    let why = if head.header("authorization").is_some() { "Invalid token" } else { "No token provided" };
    Err(refusal(401, &envelope::gateway(why, &ticket.request_id, "new_api_error", Value::Null), why))
}

fn admit_directly(shared: &Shared, ticket: &Ticket, head: &Head, body: &[u8]) -> Result<(), Refusal> {
    let keys = shared.state().keys.clone();
    let rules = Rules { keys: &keys, region: &shared.settings.region, now: shared.now() };
    direct::check(head, body, rules).map_err(|Denial { error, message }| {
        let why = format!("{}: {message}", error.name);
        refusal(error.status, &envelope::top(ticket, error, &message), &why)
    })
}

/// The action and version that the query names.
fn action(ticket: &Ticket, head: &Head) -> Result<Action, Refusal> {
    let named = Action::named(&ticket.action).filter(|(_, version)| *version == ticket.version);
    named.filter(|_| head.method == "POST").map(|(action, _)| action).ok_or_else(|| {
        let why = format!("Could not find operation {} for version {}", ticket.action, ticket.version);
        let error = codes::INVALID_ACTION_OR_VERSION;
        refusal(error.status, &envelope::top(ticket, error, &why), &why)
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
    let media_type = head.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if media_type.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Objection::new(50204, "Content-Type is not application/json"));
    }
    if head.header("content-encoding").is_some() {
        return Err(Objection::new(50204, "Content-Encoding is not supported"));
    }
    let Some(object) = json.and_then(Value::as_object) else {
        return Err(Objection::new(50204, "the body is not a JSON object in UTF-8"));
    };
    let accept = |ability: Ability| {
        let base_url = shared.base_url();
        let files = |link: &str| shared.state().own_file(&base_url, link);
        ability.accept(object, &Surroundings { seed: digest(body), files: &files })
    };
    match action {
        Action::Call(own) => {
            let ability = Ability::find(object, own)?;
            if ability.is_task_only() {
                return Err(Objection::new(50215, format!("req_key: {} runs as a task only", ability.req_key())));
            }
            let finish = Finish::of_call(object)?;
            let Accepted { order, refuse } = accept(ability)?;
            match refuse {
                Some(code) => Err(Objection::new(code, "the prompt asks for this refusal")),
                None => Ok(Wanted::Paint { order, finish }),
            }
        }
        Action::Submit(actions) => {
            let ability = Ability::find(object, None)?;
            let accepted = accept(ability)?;
            Ok(Wanted::Submitted { task: shared.state().tasks.submit(ability, actions, accepted) })
        }
        Action::Result(actions) => poll(shared, object, actions),
        Action::Cancel => cancel(shared, object),
    }
}

fn poll(shared: &Shared, object: &Map<String, Value>, actions: TaskActions) -> Result<Wanted, Objection> {
    let req_key = text(object, "req_key")?.ok_or_else(|| Objection::new(50215, "req_key: expected a string"))?;
    let id = task_id(object)?;
    let finish = Finish::of_poll(object)?;
    let (state, accepted) = shared.state().tasks.poll(TaskName { id, req_key, actions });
    Ok(Wanted::Task { state, accepted, finish })
}

fn cancel(shared: &Shared, object: &Map<String, Value>) -> Result<Wanted, Objection> {
    let (id, req_key) = (task_id(object)?, text(object, "req_key")?);
    let cancelled = shared.state().tasks.cancel(id, req_key);
    let objection = |state: TaskState| Objection::new(50215, format!("task_id: the task is {}", state.name()));
    cancelled.map(|()| Wanted::Cancelled).map_err(objection)
}

fn task_id(object: &Map<String, Value>) -> Result<&str, Objection> {
    text(object, "task_id")?.ok_or_else(|| Objection::new(50200, "task_id: expected a string"))
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Objection> {
    crate::ability::Fields::of(object).text(name)
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
