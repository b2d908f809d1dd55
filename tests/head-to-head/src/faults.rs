//! The faults, one row each, with what is right for volcv: the only place for expected values.

/// The rows of the table, in order.
#[rustfmt::skip]
pub const ROWS: [Row; 8] = [
    row("reads the whole body, closes without a reply",   Fault::CloseUnanswered, 1, "outcome_unknown, unknown"),
    row("reads the whole body, answers 502",              Fault::Status(502),     1, "service, unknown"),
    row("reads the whole body, answers 500",              Fault::Status(500),     1, "service, unknown"),
    row("drops the first two connections in mid-upload",  Fault::DropUploads,     1, "success"),
    row("answers 429 with `Retry-After: 2` once",         Fault::Throttle,        2, "success"),
    row("sends 200 and half of the reply, closes",        Fault::CutReply,        1, "decode, charged"),
    row("closes the idle connection before a second call", Fault::CloseIdle,      1, "success"),
    row("reads the whole body, never answers",            Fault::Silent,          1, "outcome_unknown, unknown"),
];

/// One row.
pub struct Row {
    /// What the server does.
    pub title: &'static str,
    /// The same for the server.
    pub fault: Fault,
    /// Complete bodies that volcv may send.
    pub bodies: usize,
    /// What volcv must report: success, or kind and charge.
    pub outcome: &'static str,
}

/// How the server misbehaves. What is not named here is answered well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Every request: the body is read to its end, then the connection closes.
    CloseUnanswered,
    /// Every request: this status.
    Status(u16),
    /// The first two requests: the connection is reset while the body is on its way.
    DropUploads,
    /// The first request: 429 and two seconds to wait, longer than any client waits by itself.
    Throttle,
    /// Every request: a success whose body stops at the half.
    CutReply,
    /// Every request: answered well, but the connection closes shortly after.
    CloseIdle,
    /// Every request: read, and then nothing.
    Silent,
}

const fn row(title: &'static str, fault: Fault, bodies: usize, outcome: &'static str) -> Row {
    Row { title, fault, bodies, outcome }
}
