//! Tasks: a request that the service answers with an id, and the value with which its result is asked for later, by
//! another process too. Nothing here waits or decides when to ask again.

mod status;
mod stored;

pub use status::TaskStatus;

use std::fmt;

use crate::ability::{AbilityRequest, REQ_KEYS};
use crate::error::InvalidInput;
use crate::marking::{AigcMeta, Logo};
use crate::members::Members;
use crate::request::CvRequest;

/// The pair of actions by which a task is submitted and its result is asked for. Sources: `service/visual/config.go` of
/// `volcengine/volc-sdk-golang`, <https://www.volcengine.com/docs/6791/1399616>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TaskActions {
    /// `CVSync2AsyncSubmitTask` and `CVSync2AsyncGetResult`: for every ability that [`CvRequest`] can also call
    /// directly, and for the Jimeng family.
    #[default]
    Sync2Async,
    /// `CVSubmitTask` and `CVGetResult`: for abilities that are tasks by nature, most of them videos.
    Plain,
}

impl TaskActions {
    /// The version of the actions.
    pub const VERSION: &'static str = "2022-08-31";

    /// The action that submits a task.
    pub fn submit(self) -> &'static str {
        match self {
            TaskActions::Sync2Async => "CVSync2AsyncSubmitTask",
            TaskActions::Plain => "CVSubmitTask",
        }
    }

    /// The action that asks for the result.
    pub fn result(self) -> &'static str {
        match self {
            TaskActions::Sync2Async => "CVSync2AsyncGetResult",
            TaskActions::Plain => "CVGetResult",
        }
    }
}

/// A request that is to be submitted as a task.
///
/// The service takes `return_url`, `logo_info` and `aigc_meta` not when a task is submitted, but when its result is
/// asked for (<https://www.volcengine.com/docs/6791/1399616>). So they are moved from the body into the `req_json` of
/// the [`Task`]. Query items go out with the submission alone.
///
/// ```
/// use volcv_types::{CvRequest, TaskRequest};
/// let body = serde_json::json!({"req_key": "byteedit_v2.0", "prompt": "make it snow", "return_url": true});
/// let submit = TaskRequest::new(CvRequest::new("CVProcess", "2022-08-31", body).unwrap()).unwrap();
/// assert_eq!(submit.request().action(), "CVSync2AsyncSubmitTask");
/// let task = submit.task("7392616336519610409").unwrap();
/// assert_eq!(task.req_json().unwrap(), r#"{"return_url":true}"#);
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct TaskRequest {
    request: CvRequest,
    req_key: String,
    actions: TaskActions,
    req_json: ReqJson,
}

impl TaskRequest {
    /// Submits this request. Its action and version are replaced by those of [`TaskActions`]: of `Plain` if the action
    /// is `CVSubmitTask`, otherwise of the default.
    ///
    /// # Errors
    /// The body has no `req_key`, or a `req_json` that is not the text of a JSON object.
    pub fn new(mut request: CvRequest) -> Result<Self, InvalidInput> {
        let req_key = request.body.get("req_key").map(|value| text_of("req_key", value)).transpose()?;
        let req_key = check_req_key(req_key.unwrap_or_default())?;
        let req_json = ReqJson::take(&mut request.body)?;
        let plain = request.action == TaskActions::Plain.submit();
        let actions = if plain { TaskActions::Plain } else { TaskActions::default() };
        Ok(Self { request, req_key, actions, req_json }.actions(actions))
    }

    /// Submits the request of an ability.
    ///
    /// # Errors
    /// The request has a field out of its range.
    pub fn of(request: &(impl AbilityRequest + ?Sized)) -> Result<Self, InvalidInput> {
        Self::new(request.request()?)
    }

    /// The pair of actions.
    pub fn actions(mut self, actions: TaskActions) -> Self {
        actions.submit().clone_into(&mut self.request.action);
        TaskActions::VERSION.clone_into(&mut self.request.version);
        Self { actions, ..self }
    }

    /// The request that submits the task.
    pub fn request(&self) -> &CvRequest {
        &self.request
    }

    /// The ability.
    pub fn req_key(&self) -> &str {
        &self.req_key
    }

    /// The task with the id that the service gave for this request.
    ///
    /// # Errors
    /// The id is not 1 to 256 printable ASCII characters without blanks.
    pub fn task(&self, id: impl Into<String>) -> Result<Task, InvalidInput> {
        let task = Task::new(id, self.req_key.as_str())?.actions(self.actions);
        Ok(Task { req_json: self.req_json.clone(), ..task })
    }
}

/// A task that was submitted: all that it takes to ask for its result, in this process or in another one.
///
/// [`Display`](fmt::Display) and serde write it as one JSON object, [`FromStr`](std::str::FromStr) and serde read it:
/// `task_id` and `req_key` as above, `actions` (`sync2async`, also if it is missing, or `plain`), and `req_json`, the
/// text that is sent under this name, if there is one. Other keys are ignored.
///
/// ```
/// use volcv_types::Task;
/// let line = r#"{"task_id":"7392616336519610409","req_key":"i2i_outpainting","actions":"sync2async","req_json":"{\"return_url\":true}"}"#;
/// let task: Task = line.parse().unwrap();
/// assert_eq!((task.id(), task.to_string().as_str()), ("7392616336519610409", line));
/// ```
///
/// The service forgets tasks: after 24 hours (<https://www.volcengine.com/docs/6791/1399616>), those of Jimeng after
/// 12.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Task {
    id: String,
    req_key: String,
    actions: TaskActions,
    req_json: ReqJson,
}

impl Task {
    const CANCEL_ACTION: &'static str = "CVCancelTask";
    const CANCEL_VERSION: &'static str = "2024-06-06";

    /// The task of this id, submitted for this ability by [`TaskActions::Sync2Async`]. Without [`Task::return_url`] the
    /// result comes as bytes.
    ///
    /// # Errors
    /// The id is not 1 to 256 printable ASCII characters without blanks, or there is no `req_key`.
    pub fn new(id: impl Into<String>, req_key: impl Into<String>) -> Result<Self, InvalidInput> {
        Ok(Self {
            id: check_id(id.into())?,
            req_key: check_req_key(req_key.into())?,
            actions: TaskActions::default(),
            req_json: ReqJson::default(),
        })
    }

    /// The pair of actions by which the task was submitted.
    pub fn actions(mut self, actions: TaskActions) -> Self {
        self.actions = actions;
        self
    }

    /// Whether the result comes as a link (valid for 24 hours) instead of bytes.
    pub fn return_url(mut self, link: bool) -> Self {
        self.req_json.0.insert("return_url", link);
        self
    }

    /// A visible watermark.
    ///
    /// # Errors
    /// The opacity is out of its range.
    pub fn logo(mut self, logo: &Logo) -> Result<Self, InvalidInput> {
        self.req_json.0.insert(Logo::KEY, logo.to_json()?);
        Ok(self)
    }

    /// A hidden provenance text.
    ///
    /// # Errors
    /// A text is longer than 256 characters.
    pub fn aigc_meta(mut self, meta: &AigcMeta) -> Result<Self, InvalidInput> {
        self.req_json.0.insert(AigcMeta::KEY, meta.to_json()?);
        Ok(self)
    }

    /// Sets all that is asked for with the result, as the text of a JSON object. Every value goes out as it is written
    /// there.
    ///
    /// # Errors
    /// The text is not a JSON object of at most 127 levels; the error names line and column.
    pub fn with_req_json(mut self, text: impl AsRef<[u8]>) -> Result<Self, InvalidInput> {
        self.req_json = ReqJson::parse(text.as_ref())?;
        Ok(self)
    }

    /// The id that the service gave.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The ability that the task was submitted for.
    pub fn req_key(&self) -> &str {
        &self.req_key
    }

    /// The pair of actions by which the task was submitted.
    pub fn task_actions(&self) -> TaskActions {
        self.actions
    }

    /// Whether the task is of an ability that this crate has a type for: all of those make pictures.
    pub fn makes_pictures(&self) -> bool {
        REQ_KEYS.contains(&self.req_key())
    }

    /// The text that is sent as `req_json`, if anything is asked for with the result.
    pub fn req_json(&self) -> Option<String> {
        self.req_json.text()
    }

    /// The request that asks for the state and the result.
    pub fn result_request(&self) -> CvRequest {
        let mut request = self.about(self.actions.result(), TaskActions::VERSION);
        if let Some(text) = self.req_json() {
            request.body.insert(ReqJson::KEY, text);
        }
        request
    }

    /// The request that cancels the task (`service/visual/config.go` of `volcengine/volc-sdk-golang`; no page says what
    /// it does to a task that runs).
    pub fn cancel_request(&self) -> CvRequest {
        self.about(Self::CANCEL_ACTION, Self::CANCEL_VERSION)
    }

    fn about(&self, action: &str, version: &str) -> CvRequest {
        let mut body = Members::default();
        body.insert("req_key", self.req_key.as_str());
        body.insert("task_id", self.id.as_str());
        CvRequest::of(action.to_owned(), version.to_owned(), body).expect("the action and the version are not empty")
    }
}

/// What is asked for with the result: the members of `req_json`.
#[derive(Clone, PartialEq, Eq, Default)]
struct ReqJson(Members);

impl ReqJson {
    const KEY: &'static str = "req_json";

    fn parse(text: &[u8]) -> Result<Self, InvalidInput> {
        Members::parse(Self::KEY, text).map(Self)
    }

    /// Moves out of a body what belongs here.
    fn take(body: &mut Members) -> Result<Self, InvalidInput> {
        let mut members = match body.remove(Self::KEY) {
            None => Members::default(),
            Some(value) => Members::parse(Self::KEY, text_of(Self::KEY, &value)?.as_bytes())?,
        };
        for key in ["return_url", Logo::KEY, AigcMeta::KEY] {
            if let Some(value) = body.remove(key) {
                members.put(key.to_owned(), value);
            }
        }
        Ok(Self(members))
    }

    fn text(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.to_string())
    }
}

/// Prints the names of the members: their values are the caller's.
impl fmt::Debug for ReqJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The text that a member holds.
fn text_of(field: &str, value: &str) -> Result<String, InvalidInput> {
    serde_json::from_str(value).map_err(|_| InvalidInput::new(field, "another JSON value", "a text"))
}

fn check_id(id: String) -> Result<String, InvalidInput> {
    const LONGEST: usize = 256;
    if (1..=LONGEST).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(id);
    }
    let value = match id.len() {
        0 => "empty".to_owned(),
        length if length > LONGEST => format!("{length} bytes long"),
        _ => format!("{id:?}"),
    };
    Err(InvalidInput::new("task_id", value, "1 to 256 printable ASCII characters without blanks"))
}

fn check_req_key(req_key: String) -> Result<String, InvalidInput> {
    if req_key.trim().is_empty() {
        return Err(InvalidInput::new("req_key", "empty", "a text such as i2i_outpainting"));
    }
    Ok(req_key)
}
