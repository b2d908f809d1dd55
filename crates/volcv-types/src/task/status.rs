//! The state of a task, as a reply says it.

use std::fmt;

use crate::reply::Reply;

/// The state of a task, `data.status` of the reply (<https://www.volcengine.com/docs/6791/1399616>).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskStatus {
    /// `in_queue`: it waits.
    InQueue,
    /// `generating`: it runs.
    Generating,
    /// `done`: it is over, with a result or an error; the code of the reply says which.
    Done,
    /// `not_found`: the service does not know the task, or no longer.
    NotFound,
    /// `expired`: the result has been deleted.
    Expired,
    /// Any other text.
    Other(String),
}

impl TaskStatus {
    /// The service's text.
    pub fn as_str(&self) -> &str {
        match self {
            TaskStatus::InQueue => "in_queue",
            TaskStatus::Generating => "generating",
            TaskStatus::Done => "done",
            TaskStatus::NotFound => "not_found",
            TaskStatus::Expired => "expired",
            TaskStatus::Other(text) => text,
        }
    }
}

impl From<&str> for TaskStatus {
    fn from(text: &str) -> Self {
        use TaskStatus::{Done, Expired, Generating, InQueue, NotFound, Other};
        let known = [InQueue, Generating, Done, NotFound, Expired].into_iter().find(|status| status.as_str() == text);
        known.unwrap_or_else(|| Other(text.to_owned()))
    }
}

/// The service's text; what could disturb a terminal is escaped.
impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().escape_debug().fmt(f)
    }
}

impl Reply {
    /// The state of the task that the reply is about: the reply's own, or that of the wrapped envelope. An empty text,
    /// which calls without a task have too, is no state.
    pub fn task_status(&self) -> Option<TaskStatus> {
        let own = self.data.as_ref().and_then(|data| data.status.as_deref()).filter(|text| !text.is_empty());
        own.map(TaskStatus::from).or_else(|| self.result.as_ref()?.task_status())
    }

    /// The id of the task that the reply is about: the reply's own, or that of the wrapped envelope.
    pub fn task_id(&self) -> Option<&str> {
        let own = self.data.as_ref().and_then(|data| data.task_id.as_deref()).filter(|text| !text.is_empty());
        own.or_else(|| self.result.as_ref()?.task_id())
    }
}
