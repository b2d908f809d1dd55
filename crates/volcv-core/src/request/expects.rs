//! What the caller wants to have of a good reply, and so which of the tables of `retry.rs` holds.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expects {
    /// Pictures or links of a paid call; a reply without one is unusable.
    Pictures,
    /// The JSON text of a paid call.
    Json,
    /// The id of a task that a paid call hands in.
    Task,
    /// The pictures or links of a task, whenever they are there. Asking costs nothing.
    TaskResult,
    /// How far a task is. Asking costs nothing.
    TaskStatus,
    /// The JSON text of a call that costs nothing.
    FreeJson,
    /// The file behind a link of a result. Fetching it costs nothing.
    File,
}

impl Expects {
    /// Whether a call costs money.
    pub(crate) fn is_paid(self) -> bool {
        matches!(self, Expects::Pictures | Expects::Json | Expects::Task)
    }

    /// Whether a call asks about a task.
    pub(crate) fn is_poll(self) -> bool {
        matches!(self, Expects::TaskResult | Expects::TaskStatus | Expects::FreeJson)
    }

    /// Whether the caller wants the text of the reply as it came.
    pub(crate) fn wants_text(self) -> bool {
        matches!(self, Expects::Json | Expects::FreeJson)
    }
}
