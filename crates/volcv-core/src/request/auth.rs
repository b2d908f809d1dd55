//! The bearer key: kept out of every text, and wiped from memory when it is dropped.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::redact::Secrets;
use crate::request::credentials::checked;

/// A gateway's API key. It has no `Display`, `Serialize` or `PartialEq`, and its `Debug` shows nothing of it.
///
/// ```
/// let key = volcv_core::ApiKey::new("sk-secret").unwrap();
/// assert_eq!(format!("{key:?}"), "ApiKey([redacted])");
/// ```
#[derive(Clone)]
pub struct ApiKey(Arc<Zeroizing<String>>);

impl ApiKey {
    /// Takes a key; the text is wiped when the last clone is dropped.
    ///
    /// # Errors
    /// The key is empty or has a character that cannot stand in an HTTP header.
    pub fn new(key: impl Into<String>) -> Result<Self, Error> {
        Ok(Self(Arc::new(checked("api key", key.into())?)))
    }

    /// `Bearer KEY`, marked sensitive; its memory is wiped when the last copy of the header is dropped.
    pub(crate) fn header(&self) -> HeaderValue {
        sensitive(format!("Bearer {}", self.0.as_str()))
    }

    /// For the redaction of foreign texts only.
    pub(crate) fn secrets(&self) -> Secrets<'_> {
        Secrets([&self.0, "", ""])
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([redacted])")
    }
}

/// A header value that no log shows and whose memory is wiped. The text is printable ASCII and blanks.
pub(super) fn sensitive(text: String) -> HeaderValue {
    let text = Wiped(Zeroizing::new(text.into_bytes()));
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(text)).expect("printable ASCII is a header value");
    value.set_sensitive(true);
    value
}

struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_no_header_can_carry_is_refused_without_being_shown() {
        for key in ["", "sk secret", "sk-secret\n", "schlüssel"] {
            let error = ApiKey::new(key).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Config);
            assert!(key.is_empty() || !error.to_string().contains(key), "{error}");
        }
        assert_eq!(ApiKey::new("").unwrap_err().to_string(), "the api key is empty");
    }

    #[test]
    fn the_header_is_sensitive() {
        let header = ApiKey::new("sk-secret").unwrap().header();
        assert!(header.is_sensitive());
        assert_eq!(header.as_bytes(), b"Bearer sk-secret");
        assert!(!format!("{header:?}").contains("secret"));
    }
}
