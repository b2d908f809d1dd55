//! Direct access: what the outer gateway of the service ("TOP") checks before the service sees a request.
//!
//! The signature is verified from its public description (docs 6369/67268 to 67270 of volcengine.com) and the real bytes of
//! the request. No code of a client is used, and no secret is ever part of a message.

mod authorization;
mod canonical;
mod keys;
#[cfg(test)]
mod vectors;

use authorization::Authorization;
pub(crate) use keys::{KeyPair, Keys};

use crate::clock;
use crate::codes::{self, Top};
use crate::http::Head;

/// The path of direct access.
pub(crate) const PATH: &str = "/";
/// The service in the scope of a signature.
pub(crate) const SERVICE: &str = "cv";
/// How far the date of a request may be from the server's clock, in seconds. The pages of the service print no tolerance; 900 s
/// is the documented lifetime of a signed query.
const TOLERANCE: i64 = 900;

/// Why a request is turned away.
#[derive(Debug)]
pub(crate) struct Denial {
    pub(crate) error: Top,
    pub(crate) message: String,
}

/// What a request is checked against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) keys: &'a Keys,
    pub(crate) region: &'a str,
    /// The server's clock in seconds since 1970.
    pub(crate) now: i64,
}

/// Whether a request says that it is signed.
pub(crate) fn is_signed(head: &Head) -> bool {
    head.header("authorization").is_some_and(|header| header.starts_with("HMAC-SHA256 "))
}

/// Checks the signature of a whole request, and all that it stands for.
pub(crate) fn check(head: &Head, body: &[u8], rules: Rules<'_>) -> Result<(), Denial> {
    for name in ["Action", "Version"] {
        if head.parameter(name).is_none_or(str::is_empty) {
            return deny(codes::MISSING_PARAMETER, format!("the query has no parameter {name}"));
        }
    }
    let Some(header) = head.header("authorization") else {
        return deny(codes::MISSING_AUTHENTICATION_TOKEN, "the request has no Authorization header");
    };
    let authorization = Authorization::parse(header)?;
    let date = x_date(head, rules.now)?;
    authorization.check_scope(date, rules.region)?;
    for name in ["host", "x-date"] {
        if !authorization.signs(name) {
            return deny(codes::INVALID_AUTHORIZATION, format!("SignedHeaders does not name {name}"));
        }
    }
    let token = head.header("x-security-token");
    let secret = rules.keys.secret(authorization.access_key, token)?;
    if token.is_some() && !authorization.signs("x-security-token") {
        return deny(codes::SIGNATURE_DOES_NOT_MATCH, "X-Security-Token is sent but not named in SignedHeaders");
    }
    let body_hash = canonical::sha256(body);
    if head.header("x-content-sha256").is_some_and(|sent| sent != body_hash) {
        let why = format!("X-Content-Sha256 is not the SHA-256 of the body of {} bytes, {body_hash}", body.len());
        return deny(codes::SIGNATURE_DOES_NOT_MATCH, why);
    }
    let canonical = canonical::request(head, &authorization, &body_hash)?;
    let hash = canonical::sha256(canonical.as_bytes());
    if canonical::signature(secret, date, &authorization.scope(), &hash) == authorization.signature {
        return Ok(());
    }
    let shown = canonical::without_secrets(&canonical);
    let why = format!(
        "the signature is not that of this request with the secret key of this access key; the canonical request has the \
         SHA-256 {hash} and is, with the values of tokens hidden:\n{shown}"
    );
    deny(codes::SIGNATURE_DOES_NOT_MATCH, why)
}

/// The text of `X-Date`, if it is close to the server's clock.
fn x_date(head: &Head, now: i64) -> Result<&str, Denial> {
    let Some(text) = head.header("x-date") else {
        return deny(codes::INVALID_TIMESTAMP, "the request has no X-Date header");
    };
    let Some(date) = clock::parse_basic_date(text) else {
        return deny(codes::INVALID_TIMESTAMP, format!("X-Date is {text:?}, not of the form YYYYMMDDTHHMMSSZ"));
    };
    if (date - now).abs() > TOLERANCE {
        let clock = clock::basic_date(now);
        let why = format!("X-Date is {text}, more than {TOLERANCE} s from the server's clock, {clock}");
        return deny(codes::INVALID_TIMESTAMP, why);
    }
    Ok(text)
}

fn deny<T>(error: Top, message: impl Into<String>) -> Result<T, Denial> {
    Err(Denial { error, message: message.into() })
}
