//! Which side of the server a request is for, and what kind of action it asks for.

use std::fmt;

use crate::ability::Ability;
use crate::http::Head;
use crate::{direct, gateway};

/// The two sides of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessKind {
    /// `POST /volcv/v1` with a bearer key.
    Gateway,
    /// `POST /` with a signature; with a signature also any other path that ends with a slash.
    Direct,
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// A picture at once: `CVProcess` and the actions of one ability.
    Call,
    /// A task is submitted.
    Submit,
    /// The result of a task is asked for.
    Result,
    /// A task is cancelled.
    Cancel,
    /// A download of a result.
    File,
}

impl AccessKind {
    pub(crate) fn of(head: &Head) -> Option<Self> {
        match head.path.as_str() {
            gateway::PATH => Some(Self::Gateway),
            direct::PATH => Some(Self::Direct),
            // A host may be reached below a path of a proxy; the signature covers the path.
            path if path.ends_with('/') && direct::is_signed(head) => Some(Self::Direct),
            _ => None,
        }
    }
}

impl RequestKind {
    const ALL: [Self; 5] = [Self::Call, Self::Submit, Self::Result, Self::Cancel, Self::File];

    pub(crate) fn of(head: &Head) -> Option<Self> {
        if head.method == "GET" && head.path.starts_with(crate::service::FILES) {
            return Some(Self::File);
        }
        AccessKind::of(head)?;
        Action::named(head.parameter("Action")?).map(|(action, _)| action.kind())
    }

    /// The word for it in the grammar of faults.
    pub fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Submit => "submit",
            Self::Result => "result",
            Self::Cancel => "cancel",
            Self::File => "file",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The two pairs of actions for tasks. A task is found only by the pair that it was submitted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskActions {
    Sync2Async,
    Plain,
}

/// An action of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// With the ability that the action is for, if it is for one.
    Call(Option<Ability>),
    Submit(TaskActions),
    Result(TaskActions),
    Cancel,
}

impl Action {
    /// The action with this name, and its version (the official Python SDK, `volcengine/visual/VisualService.py`).
    pub(crate) fn named(name: &str) -> Option<(Self, &'static str)> {
        let action = match name {
            "CVProcess" => Self::Call(None),
            "Img2ImgOutpainting" => Self::Call(Some(Ability::Outpainting)),
            "Img2ImgInpainting" => Self::Call(Some(Ability::Inpainting)),
            "Img2ImgInpaintingEdit" => Self::Call(Some(Ability::InpaintingEdit)),
            "CVSync2AsyncSubmitTask" => Self::Submit(TaskActions::Sync2Async),
            "CVSync2AsyncGetResult" => Self::Result(TaskActions::Sync2Async),
            "CVSubmitTask" => Self::Submit(TaskActions::Plain),
            "CVGetResult" => Self::Result(TaskActions::Plain),
            "CVCancelTask" => return Some((Self::Cancel, "2024-06-06")),
            _ => return None,
        };
        Some((action, "2022-08-31"))
    }

    fn kind(self) -> RequestKind {
        match self {
            Self::Call(_) => RequestKind::Call,
            Self::Submit(_) => RequestKind::Submit,
            Self::Result(_) => RequestKind::Result,
            Self::Cancel => RequestKind::Cancel,
        }
    }
}
