//! The header `Retry-After`.

use std::time::{Duration, SystemTime};

/// Reads `Retry-After`: seconds, with or without a fraction, or an HTTP date. Anything else says nothing.
///
/// Public for fuzzing and for hosts that show it.
pub fn parse_retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if text.bytes().next()?.is_ascii_digit() {
        let seconds: f64 = text.parse().ok()?;
        // Too large for a duration is longer than any wait.
        return Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (text, expected) in [
            ("3", Some(Duration::from_secs(3))),
            (" 1.5 ", Some(Duration::from_millis(1500))),
            ("Sun, 06 Nov 1994 08:49:40 GMT", Some(Duration::from_secs(3))),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(Duration::ZERO)),
            ("1e9", Some(Duration::from_secs(1_000_000_000))),
            ("99999999999999999999999", Some(Duration::MAX)),
            ("soon", None),
            ("-1", None),
            ("", None),
            ("3 apples", None),
        ] {
            assert_eq!(parse_retry_after(text, now), expected, "{text:?}");
        }
    }
}
