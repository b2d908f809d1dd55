//! The `Authorization` header of a signed request.

use super::{Denial, SERVICE, deny};
use crate::codes;

const ALGORITHM: &str = "HMAC-SHA256";
const FORM: &str =
    "HMAC-SHA256 Credential=ACCESS_KEY/YYYYMMDD/REGION/SERVICE/request, SignedHeaders=a;b, Signature=HEX";

/// The parts of the header.
#[derive(Debug)]
pub(super) struct Authorization<'a> {
    pub(super) access_key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    /// The names of the signed headers with semicolons between them, in the client's order.
    pub(super) signed_headers: &'a str,
    pub(super) signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// Reads the header. It is not repeated in a message: a bearer key may have been sent here by mistake.
    pub(super) fn parse(header: &'a str) -> Result<Self, Denial> {
        let Some((ALGORITHM, parts)) = header.split_once(' ') else {
            return deny(codes::INVALID_AUTHORIZATION, format!("the Authorization header is not of the form {FORM}"));
        };
        let part = |name: &str| {
            let mut values =
                parts.split(',').filter_map(|part| part.trim().split_once('=')).filter(|part| part.0 == name);
            values.next().map(|(_, value)| value).filter(|value| !value.is_empty())
        };
        let Some(credential) = part("Credential") else {
            return deny(codes::INVALID_AUTHORIZATION, format!("the Authorization header has no Credential: {FORM}"));
        };
        let Some(signed_headers) = part("SignedHeaders") else {
            return deny(
                codes::INVALID_AUTHORIZATION,
                format!("the Authorization header has no SignedHeaders: {FORM}"),
            );
        };
        let Some(signature) = part("Signature") else {
            return deny(codes::MISSING_SIGNATURE, format!("the Authorization header has no Signature: {FORM}"));
        };
        if signed_headers.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return deny(codes::INVALID_AUTHORIZATION, "the names in SignedHeaders are not all lower-case");
        }
        // From the right: nothing says that an access key has no slash.
        let mut scope = credential.rsplitn(5, '/');
        match [scope.next(), scope.next(), scope.next(), scope.next(), scope.next()] {
            [Some("request"), Some(service), Some(region), Some(date), Some(access_key)] if !access_key.is_empty() => {
                Ok(Self { access_key, date, region, service, signed_headers, signature })
            }
            _ => deny(codes::INVALID_CREDENTIAL, format!("Credential is not of the form in {FORM}")),
        }
    }

    /// Whether a header is among the signed ones.
    pub(super) fn signs(&self, name: &str) -> bool {
        self.signed_headers.split(';').any(|signed| signed == name)
    }

    /// Compares the scope with the date of the request and with what the server serves.
    pub(super) fn check_scope(&self, x_date: &str, region: &str) -> Result<(), Denial> {
        for (name, sent, expected) in
            [("date", self.date, &x_date[..8]), ("region", self.region, region), ("service", self.service, SERVICE)]
        {
            if sent != expected {
                return deny(
                    codes::INVALID_CREDENTIAL,
                    format!("the {name} in Credential is {sent:?}, not {expected}"),
                );
            }
        }
        Ok(())
    }

    pub(super) fn scope(&self) -> [&'a str; 3] {
        [self.date, self.region, self.service]
    }
}
