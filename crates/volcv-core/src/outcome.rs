//! The result of a successful call.

use std::fmt;

use bytes::Bytes;
use volcv_types::{Charge, PictureInfo, Reply, Task, TaskRequest, TaskStatus};

use crate::error::{AttemptRecord, Error};
use crate::redact::shortened;

/// The result of a call.
#[derive(Clone)]
#[non_exhaustive]
pub struct Outcome {
    /// The pictures or the links to them, in the service's order. The list is never empty for an ability that volcv has a type
    /// for; it can be empty for a generic call or a task of another ability.
    pub outputs: Vec<Output>,
    /// The seed that was sent. With [`RetryPolicy::new_seed`](crate::RetryPolicy) it can differ from the caller's.
    pub seed: Option<i64>,
    /// The id that the service's support asks for.
    pub request_id: Option<String>,
    /// The reply, with an empty text in the place of each picture text.
    pub reply: Reply,
    /// The body of the reply: the JSON text of a call, or the file of a download. The JSON text of an outpainting has
    /// an empty text in the place of each picture text.
    pub body: Bytes,
    /// Every attempt, the successful one last.
    pub attempts: Vec<AttemptRecord>,
    /// What is wrong with the reply although its pictures can be used, one sentence each; empty for nearly every call.
    pub warnings: Vec<String>,
    /// Pictures of the reply that failed a check, while at least one in `outputs` passed.
    pub rejected: Vec<Bytes>,
}

/// One result of a call.
#[derive(Clone)]
pub enum Output {
    /// An encoded picture, byte for byte as the service made it.
    Picture {
        /// The bytes.
        bytes: Bytes,
        /// The facts of the picture's header.
        info: PictureInfo,
    },
    /// A link to the picture, valid for 24 hours by most of the documentation.
    Link(String),
}

impl Outcome {
    /// The bytes of the first picture; `None` if the service sent links.
    pub fn picture(&self) -> Option<&Bytes> {
        self.outputs.iter().find_map(|output| match output {
            Output::Picture { bytes, .. } => Some(bytes),
            Output::Link(_) => None,
        })
    }

    /// The task that the service accepted for this request, whose answer this is.
    ///
    /// # Errors
    /// The answer has no task id that could be sent again. The task may be charged.
    pub fn task(&self, request: &TaskRequest) -> Result<Task, Error> {
        let id = self.reply.task_id().unwrap_or_default();
        request
            .task(id)
            .map_err(|error| Error::decode(error.to_string()).with_charge(Charge::Unknown).after(self.attempts.clone()))
    }

    /// The outcome of a task that was handed in with these attempts, which come first.
    #[must_use]
    pub fn after(mut self, submitted: Vec<AttemptRecord>) -> Self {
        self.attempts.splice(..0, submitted);
        self
    }

    /// The warnings in one line of at most `bytes` bytes, for callers without room for a list.
    pub fn warnings_within(&self, bytes: usize) -> String {
        shortened(&self.warnings.join("; "), bytes).into_owned()
    }
}

/// How far a task is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TaskReport {
    /// What the service says.
    pub status: TaskStatus,
    /// The result of a task that is done.
    pub outcome: Option<Outcome>,
}

/// Reads the answer to the question how far a task is.
impl From<Outcome> for TaskReport {
    fn from(outcome: Outcome) -> Self {
        let said = outcome.reply.task_status();
        match said.filter(|status| outcome.outputs.is_empty() && *status != TaskStatus::Done) {
            Some(status) => Self { status, outcome: None },
            None => Self { status: TaskStatus::Done, outcome: Some(outcome) },
        }
    }
}

/// Prints lengths in place of bytes.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome")
            .field("outputs", &self.outputs)
            .field("seed", &self.seed)
            .field("request_id", &self.request_id)
            .field("body", &self.body.len())
            .field("attempts", &self.attempts)
            .field("warnings", &self.warnings)
            .field("rejected", &self.rejected.len())
            .finish_non_exhaustive()
    }
}

/// Prints the length in place of the bytes.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Output::Picture { bytes, info } => write!(f, "Picture({} bytes, {info:?})", bytes.len()),
            Output::Link(link) => f.debug_tuple("Link").field(link).finish(),
        }
    }
}
