//! The stored form of a task.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use super::{ReqJson, Task, TaskActions};
use crate::error::InvalidInput;

/// The stored form, whose keys never change. A missing text counts as empty, so that the error names its key.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Task")]
struct Stored {
    #[serde(default)]
    task_id: String,
    #[serde(default)]
    req_key: String,
    #[serde(default)]
    actions: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    req_json: Option<String>,
}

impl TaskActions {
    /// The name in the stored form.
    fn name(self) -> &'static str {
        match self {
            TaskActions::Sync2Async => "sync2async",
            TaskActions::Plain => "plain",
        }
    }

    fn of_name(name: &str) -> Result<Self, InvalidInput> {
        let known = [TaskActions::Sync2Async, TaskActions::Plain].into_iter().find(|actions| actions.name() == name);
        known.ok_or_else(|| InvalidInput::new("actions", format!("{name:?}"), "sync2async or plain"))
    }
}

impl From<&Task> for Stored {
    fn from(task: &Task) -> Self {
        Self {
            task_id: task.id.clone(),
            req_key: task.req_key.clone(),
            actions: Some(task.actions.name().to_owned()),
            req_json: task.req_json(),
        }
    }
}

impl TryFrom<Stored> for Task {
    type Error = InvalidInput;

    fn try_from(stored: Stored) -> Result<Self, InvalidInput> {
        let mut task = Task::new(stored.task_id, stored.req_key)?;
        if let Some(name) = stored.actions {
            task.actions = TaskActions::of_name(&name)?;
        }
        if let Some(text) = stored.req_json {
            task.req_json = ReqJson::parse(text.as_bytes())?;
        }
        Ok(task)
    }
}

impl Serialize for Task {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Task {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Stored::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

/// The stored form, one line of JSON.
impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&Stored::from(self)).map_err(|_| fmt::Error)?)
    }
}

/// Reads the stored form, with or without blanks, line breaks and a byte order mark around it.
impl FromStr for Task {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let stored: Stored = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
            // A data error can quote the text, and the text can be long.
            let value = match error.classify() {
                Category::Data => format!("another JSON value at line {} column {}", error.line(), error.column()),
                _ => format!("not JSON: {error}"),
            };
            InvalidInput::new("task", value, "a JSON object with the texts task_id and req_key")
        })?;
        stored.try_into()
    }
}
