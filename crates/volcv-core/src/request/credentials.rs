//! Access keys for direct access: kept out of every text, and wiped from memory when they are dropped.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::redact::Secrets;

/// An access key with its secret key; temporary ones have a session token and an end. There is no `Display`, `Serialize`
/// or `PartialEq`, and `Debug` shows nothing. A clone shares the memory, which is wiped when the last one is dropped.
///
/// ```
/// let credentials = volcv_core::Credentials::new("AK-example", "secret-example").unwrap();
/// assert_eq!(format!("{credentials:?}"), "Credentials([redacted])");
/// ```
#[derive(Clone)]
pub struct Credentials(Arc<Parts>);

#[derive(Clone)]
struct Parts {
    access_key: Zeroizing<String>,
    secret_key: Zeroizing<String>,
    /// Empty if there is none.
    session_token: Zeroizing<String>,
    expires: Option<SystemTime>,
}

impl Credentials {
    /// An access key and its secret key, both as the console shows them. The secret key is used as it is, and not decoded.
    ///
    /// # Errors
    /// One of them is empty or has a character that no key has.
    pub fn new(access_key: impl Into<String>, secret_key: impl Into<String>) -> Result<Self, Error> {
        let access_key = checked("access key", access_key.into())?;
        let secret_key = checked("secret key", secret_key.into())?;
        // The scope of a signature stands behind the access key, with slashes and commas between its parts.
        if let Some(at) = access_key.bytes().position(|byte| matches!(byte, b'/' | b',')) {
            return Err(Error::config(format!("the access key has a slash or a comma at position {at}")));
        }
        Ok(Self(Arc::new(Parts { access_key, secret_key, session_token: Zeroizing::default(), expires: None })))
    }

    /// The session token of temporary keys (STS).
    ///
    /// # Errors
    /// The token is empty or has a character that cannot stand in an HTTP header.
    pub fn session_token(self, token: impl Into<String>) -> Result<Self, Error> {
        let session_token = checked("session token", token.into())?;
        Ok(Self(Arc::new(Parts { session_token, ..Arc::unwrap_or_clone(self.0) })))
    }

    /// When temporary keys end. From a minute before on they are asked for again, and after it they are not used.
    #[must_use]
    pub fn expires_at(self, time: SystemTime) -> Self {
        Self(Arc::new(Parts { expires: Some(time), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The time of [`Credentials::expires_at`].
    pub fn expires(&self) -> Option<SystemTime> {
        self.0.expires
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn access_key(&self) -> &str {
        &self.0.access_key
    }

    pub(crate) fn secret_key(&self) -> &str {
        &self.0.secret_key
    }

    pub(crate) fn token(&self) -> Option<&str> {
        Some(self.0.session_token.as_str()).filter(|token| !token.is_empty())
    }

    /// For the redaction of foreign texts only.
    pub(crate) fn secrets(&self) -> Secrets<'_> {
        Secrets([self.secret_key(), &self.0.session_token, self.access_key()])
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials([redacted])")
    }
}

/// A secret that is neither empty nor has a character that is not printable ASCII, such as the line break behind a key that
/// was read from a file.
pub(super) fn checked(what: &str, secret: String) -> Result<Zeroizing<String>, Error> {
    let secret = Zeroizing::new(secret);
    if secret.is_empty() {
        return Err(Error::config(format!("the {what} is empty")));
    }
    match secret.bytes().position(|byte| !byte.is_ascii_graphic()) {
        Some(at) => Err(Error::config(format!(
            "the {what} has a character at position {at} of {} that is not printable ASCII",
            secret.len()
        ))),
        None => Ok(secret),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_cannot_be_sent_are_refused_without_being_shown() {
        for (access_key, secret_key, text) in [
            ("", "canary", "the access key is empty"),
            ("AK", "", "the secret key is empty"),
            ("AK", "canary\n", "the secret key has a character at position 6 of 7 that is not printable ASCII"),
            ("canary/1", "SK", "the access key has a slash or a comma at position 6"),
            ("schlüssel", "SK", "the access key has a character at position 4 of 10 that is not printable ASCII"),
        ] {
            let error = Credentials::new(access_key, secret_key).unwrap_err();
            assert_eq!((error.kind(), error.message()), (crate::ErrorKind::Config, text));
        }
        let pair = Credentials::new("AK", "SK").unwrap();
        assert_eq!(pair.clone().session_token("").unwrap_err().message(), "the session token is empty");
        assert!(!format!("{:?}", pair.session_token("canary").unwrap()).contains("canary"));
    }
}
