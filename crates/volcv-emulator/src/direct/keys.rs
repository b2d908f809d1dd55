//! The access keys that a server knows.

use std::fmt;

use super::{Denial, deny};
use crate::codes;

/// An access key with its secret key. A temporary one works only together with its session token.
#[derive(Clone)]
pub(crate) struct KeyPair {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    pub(crate) session_token: Option<String>,
}

/// All pairs of a server.
#[derive(Clone, Default)]
pub(crate) struct Keys {
    pairs: Vec<KeyPair>,
    revoked: Vec<String>,
}

impl Keys {
    pub(crate) fn add(&mut self, pair: KeyPair) {
        self.pairs.push(pair);
    }

    /// Puts a permanent pair in the place of all permanent ones.
    pub(crate) fn replace_permanent(&mut self, pair: KeyPair) {
        self.pairs.retain(|known| known.session_token.is_some());
        self.pairs.push(pair);
    }

    /// From now on the token is refused.
    pub(crate) fn revoke(&mut self, session_token: &str) {
        self.revoked.push(session_token.to_owned());
    }

    /// The secret key of an access key, if the token is the right one. A permanent key takes any token.
    pub(super) fn secret(&self, access_key: &str, token: Option<&str>) -> Result<&str, Denial> {
        let mut pairs = self.pairs.iter().filter(|pair| pair.access_key == access_key).peekable();
        if pairs.peek().is_none() {
            return deny(codes::INVALID_ACCESS_KEY, "the access key in Credential is not known here");
        }
        let fits = |pair: &&KeyPair| pair.session_token.is_none() || pair.session_token.as_deref() == token;
        let Some(pair) = pairs.find(fits) else {
            let why = match token {
                Some(_) => "X-Security-Token is not the token of this temporary access key",
                None => "this access key is temporary, and the request has no X-Security-Token",
            };
            return deny(codes::INVALID_SECRET_TOKEN, why);
        };
        if pair.session_token.as_ref().is_some_and(|token| self.revoked.contains(token)) {
            return deny(codes::INVALID_SECRET_TOKEN, "X-Security-Token has expired");
        }
        Ok(&pair.secret_key)
    }
}

impl fmt::Debug for Keys {
    /// No key and no token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("pairs", &self.pairs.len()).finish_non_exhaustive()
    }
}
