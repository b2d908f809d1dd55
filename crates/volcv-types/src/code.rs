//! The service's codes: one row per code, with its meaning, its class and whether the call may have been charged.
//!
//! Adding a code is adding a line to [`CODES`]. What a client does about a class (stop, send again, change the
//! seed) is decided in one place in `volcv-core`, not here.

use std::fmt;

use serde_json::Value;

/// Whether a call has cost money, as far as it can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Charge {
    /// Nothing was bought.
    None,
    /// The service may or may not have billed the call.
    Unknown,
    /// The service did its work: the call is billed.
    Charged,
}

impl fmt::Display for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Free => "none",
            Unknown => "unknown",
            Charged => "charged",
        })
    }
}

/// What a code says about the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CodeClass {
    /// The picture is there.
    Success,
    /// A field, the picture or the address of the call is wrong.
    InvalidInput,
    /// The key is missing, wrong, or not allowed to do this.
    Auth,
    /// The time of the signature was refused: the clock of the caller is wrong.
    Clock,
    /// The session token was refused or has expired.
    Token,
    /// The account has no money or no quota left.
    Quota,
    /// Too many calls at once or per second; the call was not taken.
    Throttled,
    /// The review refused the input; the same input will be refused again.
    InputRefused,
    /// The review refused the result.
    OutputRefused,
    /// The review or the algorithm refused this result; another seed can pass.
    OutputRefusedOnce,
    /// The service failed internally.
    Service,
}

/// One row of the code table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodeRow {
    /// The number; 0 where the code is a name only.
    pub number: i64,
    /// The name or the short message that comes with the code.
    pub name: &'static str,
    /// What the code says about the call.
    pub class: CodeClass,
    /// Whether a call that ended with this code may have been charged.
    pub charge: Charge,
}

use Charge::{Charged, None as Free, Unknown};
use CodeClass::*;

/// Every known code. Sources: numbers below 100000 are the CV service's (official per-ability tables and official
/// SDK code; 201304 is an inner algorithm status), those from 100002 on are Volcengine's API gateway
/// (<https://www.volcengine.com/docs/6369/68677>), names without a number are those of one-api and new-api
/// gateways (`songquanpeng/one-api`, `Calcium-Ion/new-api`) and OpenAI-compatible ones.
#[rustfmt::skip]
pub const CODES: &[CodeRow] = &[
    row(10000, "Success", Success, Charged),
    row(50200, "General parameter failure", InvalidInput, Free),
    row(50204, "Parse Request Parameters Error", InvalidInput, Free),
    row(50215, "Input invalid for this service", InvalidInput, Free),
    row(50218, "Resource exists risk", InputRefused, Free),
    row(50400, "Access Denied", Auth, Free),
    row(50411, "Pre Img Risk Not Pass", InputRefused, Free),
    row(50412, "Text Risk Not Pass", InputRefused, Free),
    row(50413, "Post Text Risk Not Pass", InputRefused, Free),
    row(50429, "Request Has Reached API Limit", Throttled, Free),
    row(50430, "Request Has Reached API Concurrent Limit", Throttled, Free),
    row(50500, "Internal Error", Service, Unknown),
    row(50501, "Internal RPC Error", Service, Unknown),
    row(50511, "Post Img Risk Not Pass", OutputRefusedOnce, Unknown),
    row(50512, "Post Text Risk Not Pass", OutputRefused, Unknown),
    row(50513, "Pre Video Risk Not Pass", InputRefused, Free),
    row(50514, "Pre Audio Risk Not Pass", InputRefused, Free),
    row(50516, "Post Video Risk Not Pass", OutputRefusedOnce, Unknown),
    row(50517, "Post Audio Risk Not Pass", OutputRefusedOnce, Unknown),
    row(50518, "Pre Img Copyright Not Pass", InputRefused, Free),
    row(50519, "Post Img Copyright Not Pass", OutputRefusedOnce, Unknown),
    row(50520, "Risk Internal Error", Service, Unknown),
    row(50521, "Antidirt Internal Error", Service, Unknown),
    row(50522, "Image Copyright Internal Error", Service, Unknown),
    row(201304, "AI ghost face", OutputRefusedOnce, Unknown),
    row(100002, "MissingParameter", InvalidInput, Free),
    row(100003, "MissingAuthenticationToken", Auth, Free),
    row(100004, "MissingRequestInfo", InvalidInput, Free),
    row(100005, "MissingSignature", Auth, Free),
    row(100006, "InvalidTimestamp", Clock, Free),
    row(100007, "ServiceNotFound", InvalidInput, Free),
    row(100008, "InvalidActionOrVersion", InvalidInput, Free),
    row(100009, "InvalidAccessKey", Auth, Free),
    row(100010, "SignatureDoesNotMatch", Auth, Free),
    row(100012, "LackPolicy", Auth, Free),
    row(100013, "AccessDenied", Auth, Free),
    row(100014, "InternalError", Service, Unknown),
    row(100015, "FailToConnect", Service, Unknown),
    row(100016, "InternalServiceTimeout", Service, Unknown),
    row(0, "InvalidAuthorization", Auth, Free),
    row(0, "InvalidCredential", Auth, Free),
    row(0, "InvalidSecretToken", Token, Free),
    row(0, "invalid_api_key", Auth, Free),
    row(0, "access_denied", Auth, Free),
    row(0, "insufficient_user_quota", Quota, Free),
    row(0, "insufficient_quota", Quota, Free),
    row(0, "pre_consume_token_quota_failed", Quota, Free),
    row(0, "quota_not_enough", Quota, Free),
    row(0, "rate_limit_exceeded", Throttled, Free),
    row(0, "model_not_found", InvalidInput, Free),
    row(0, "invalid_request", InvalidInput, Free),
    row(0, "sensitive_words_detected", InputRefused, Free),
    row(0, "upstream_error", Service, Unknown),
];

const fn row(number: i64, name: &'static str, class: CodeClass, charge: Charge) -> CodeRow {
    CodeRow { number, name, class, charge }
}

/// A code as the service gave it, known or not: most are numbers, those of gateways are names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ServiceCode {
    /// A number such as 50412.
    Number(i64),
    /// A name such as `upstream_error`.
    Name(String),
}

impl ServiceCode {
    /// The row of [`CODES`], if the code is known.
    pub fn row(&self) -> Option<&'static CodeRow> {
        CODES.iter().find(|row| match self {
            // Rows without a number have 0 there, so 0 is no code.
            ServiceCode::Number(number) => *number != 0 && row.number == *number,
            ServiceCode::Name(name) => row.name == name,
        })
    }

    /// The class, if the code is known.
    pub fn class(&self) -> Option<CodeClass> {
        self.row().map(|row| row.class)
    }

    /// The number: the code's own, or that of its row where the service sent only the name.
    pub fn number(&self) -> Option<i64> {
        match self {
            ServiceCode::Number(number) => Some(*number),
            ServiceCode::Name(_) => self.row().map(|row| row.number).filter(|number| *number != 0),
        }
    }

    /// Reads a code from a number, a text that holds a number, or a name; empty and other values are no code.
    pub fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => whole(number).map(ServiceCode::Number),
            Value::String(text) => match text.trim() {
                "" => None,
                text => Some(text.parse().map_or_else(|_| ServiceCode::Name(text.to_owned()), ServiceCode::Number)),
            },
            _ => None,
        }
    }

    /// The code as JSON: a number where there is one, otherwise the name.
    pub fn to_json(&self) -> Value {
        match (self.number(), self) {
            (Some(number), _) => number.into(),
            (None, ServiceCode::Name(name)) => name.as_str().into(),
            (None, ServiceCode::Number(number)) => (*number).into(),
        }
    }
}

impl fmt::Display for ServiceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServiceCode::Number(number) => number.fmt(f),
            ServiceCode::Name(name) => name.escape_debug().fmt(f),
        }
    }
}

impl From<i64> for ServiceCode {
    fn from(number: i64) -> Self {
        ServiceCode::Number(number)
    }
}

/// Some encoders write whole numbers as `10000.0`; a cast is exact below 2^53, which every code is.
fn whole(number: &serde_json::Number) -> Option<i64> {
    let float = || number.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15).map(|f| f as i64);
    number.as_i64().or_else(float)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_code_has_one_row() {
        for (i, row) in CODES.iter().enumerate() {
            for other in &CODES[i + 1..] {
                assert!(row.number == 0 || row.number != other.number, "{row:?} and {other:?}");
                assert!(row.number != 0 || row.name != other.name, "{row:?} and {other:?}");
            }
        }
    }

    #[test]
    fn only_results_and_inner_failures_may_have_been_charged() {
        for row in CODES {
            let expected = match row.class {
                Success => Charged,
                Service | OutputRefused | OutputRefusedOnce => Unknown,
                _ => Free,
            };
            assert_eq!(row.charge, expected, "{row:?}");
        }
    }

    #[test]
    fn a_refused_time_and_a_refused_token_are_told_apart_from_a_wrong_key() {
        let named = |name: &str| ServiceCode::Name(name.to_owned()).class();
        assert_eq!((named("InvalidTimestamp"), ServiceCode::Number(100006).class()), (Some(Clock), Some(Clock)));
        assert_eq!((named("InvalidSecretToken"), named("SignatureDoesNotMatch")), (Some(Token), Some(Auth)));
    }

    #[test]
    fn a_code_is_read_from_every_spelling() {
        for (json, expected) in [
            (json!(50412), Some(ServiceCode::Number(50412))),
            (json!("50412"), Some(ServiceCode::Number(50412))),
            (json!(50412.0), Some(ServiceCode::Number(50412))),
            (json!("upstream_error"), Some(ServiceCode::Name("upstream_error".into()))),
            (json!(""), None),
            (json!(null), None),
            (json!(1.5), None),
            (json!([50412]), None),
        ] {
            assert_eq!(ServiceCode::from_json(&json), expected, "{json}");
        }
    }

    #[test]
    fn zero_is_no_code() {
        assert_eq!(ServiceCode::Number(0).row(), None);
    }

    #[test]
    fn a_name_with_a_number_is_reported_as_the_number() {
        assert_eq!(ServiceCode::Name("SignatureDoesNotMatch".into()).to_json(), json!(100010));
        assert_eq!(ServiceCode::Name("upstream_error".into()).to_json(), json!("upstream_error"));
        assert_eq!(ServiceCode::Number(60001).to_json(), json!(60001));
    }
}
