//! Any text of `Retry-After` is a wait or nothing, and always the same one.
//!
//! Input: the header's text.
#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use volcv_core::parse_retry_after;

/// Fractions are allowed, so seconds pass through a float: above this, 285 million years, it rounds.
const EXACT: u64 = 1 << 53;

fuzz_target!(|text: &str| {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    let wait = parse_retry_after(text, now);
    assert_eq!(wait, parse_retry_after(text, now));
    assert_eq!(wait, parse_retry_after(&format!(" {text}\t"), now), "blanks around it mean nothing");

    let later = parse_retry_after(text, now + Duration::from_secs(60));
    assert_eq!(wait.is_some(), later.is_some());
    // Seconds do not depend on the clock; a date is a minute nearer, and never in the past.
    assert!(later == wait || later == wait.map(|wait| wait.saturating_sub(Duration::from_secs(60))));

    let digits = text.trim();
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let wait = wait.expect("digits are seconds");
        match digits.parse::<u64>() {
            Ok(seconds) if seconds <= EXACT => assert_eq!(wait, Duration::from_secs(seconds)),
            _ => assert!(wait >= Duration::from_secs(EXACT), "a long wait became short: {wait:?}"),
        }
    }
    if digits.starts_with('-') {
        assert_eq!(wait, None);
    }
});
