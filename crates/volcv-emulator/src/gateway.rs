//! Gateway access: a bearer key on one path.

use crate::http::Head;
use crate::shared::Settings;

/// The only path of the gateway.
pub(crate) const PATH: &str = "/volcv/v1";

/// Whether the request carries an accepted bearer key.
pub(crate) fn key_ok(settings: &Settings, head: &Head) -> bool {
    let sent = head.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    match &settings.key {
        Some(key) => sent == Some(key),
        None => sent.is_some_and(|sent| !sent.trim().is_empty()),
    }
}
