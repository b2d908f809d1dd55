//! tmp
pub(crate) fn compare(_: bool) -> Result<(), String> { Ok(()) }
