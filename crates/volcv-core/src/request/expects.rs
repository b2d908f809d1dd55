//! What the caller wants to have of a good reply.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expects {
    /// Pictures or links of a paid call; a reply without one is unusable.
    Pictures,
    /// The JSON text of a paid call.
    Json,
    /// The file behind a link of a result. Fetching it costs nothing.
    File,
}
