//! The signature of direct access: HMAC-SHA256 over method, path, query, some headers and the hash of the body.
//!
//! Sources: <https://www.volcengine.com/docs/6369/67269> (method and worked example), and the signers of the official SDKs
//! for Python (`volcengine/auth/SignerV4.py` in `volcengine/volc-sdk-python`) and Go (`base/sign.go` in
//! `volcengine/volc-sdk-golang`). This file reads no clock and sends nothing.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderValue;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::auth::sensitive;
use super::credentials::Credentials;
use super::percent::escape;

/// What of a request is signed.
#[derive(Debug, Clone, Copy)]
pub struct SigningRequest<'a> {
    /// Such as `POST`.
    pub method: &'a str,
    /// Host and port, as in the URL. The usual ports 80 and 443 are left out, as the official SDKs do.
    pub host: &'a str,
    /// The path, not escaped; an empty one is `/`.
    pub path: &'a str,
    /// Keys and values of the query in any order, not escaped.
    pub query: &'a [(&'a str, &'a str)],
    /// The header `Content-Type`.
    pub content_type: &'a str,
    /// The SHA-256 of the body's bytes.
    pub body_sha256: [u8; 32],
    /// Such as `cn-north-1`.
    pub region: &'a str,
    /// Such as `cv`.
    pub service: &'a str,
    /// The time of the signature. The service refuses one that is too old or in the future.
    pub date: SystemTime,
}

/// The headers that prove who sends a request.
#[derive(Debug, Clone)]
pub struct Signature {
    /// `X-Date`, such as `20240619T071306Z`.
    pub x_date: HeaderValue,
    /// `X-Content-Sha256`, in hexadecimal.
    pub x_content_sha256: HeaderValue,
    /// `X-Security-Token`, if the credentials have a session token; marked sensitive.
    pub x_security_token: Option<HeaderValue>,
    /// `Authorization`; marked sensitive.
    pub authorization: HeaderValue,
}

/// Signs a request.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use volcv_core::{Credentials, SigningRequest, sign};
///
/// let request = SigningRequest {
///     method: "POST",
///     host: "visual.volcengineapi.com",
///     path: "/",
///     query: &[("Action", "CVProcess"), ("Version", "2022-08-31")],
///     content_type: "application/json",
///     body_sha256: [0; 32],
///     region: "cn-north-1",
///     service: "cv",
///     date: UNIX_EPOCH + Duration::from_secs(1_718_781_186),
/// };
/// let signature = sign(&request, &Credentials::new("AK-example", "secret-example").unwrap());
/// assert_eq!(signature.x_date, "20240619T071306Z");
/// ```
pub fn sign(request: &SigningRequest<'_>, credentials: &Credentials) -> Signature {
    const ALGORITHM: &str = "HMAC-SHA256";
    let date = Date(request.date).to_string();
    let body_hash = Hex(&request.body_sha256).to_string();
    let token = credentials.token();
    let (names, headers) = signed_headers(request, &date, &body_hash, token);
    let canonical = Zeroizing::new(format!(
        "{}\n{}\n{}\n{}\n{names}\n{body_hash}",
        request.method,
        path(request.path),
        query(request.query),
        headers.as_str(),
    ));
    let day = &date[..date.len().min(8)];
    let scope = format!("{day}/{}/{}/request", request.region, request.service);
    let to_sign = format!("{ALGORITHM}\n{date}\n{scope}\n{}", Hex(&Sha256::digest(canonical.as_bytes())));
    let parts = [day, request.region, request.service, "request"];
    let [first, rest @ ..] = parts;
    let key = hmac(credentials.secret_key().as_bytes(), first);
    let key = rest.into_iter().fold(key, |key, part| hmac(&*key, part));
    let authorization = format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={}",
        credentials.access_key(),
        Hex(&*hmac(&*key, &to_sign)),
    );
    let plain = |text: String| HeaderValue::try_from(text).expect("digits and letters are a header value");
    Signature {
        x_date: plain(date),
        x_content_sha256: plain(body_hash),
        x_security_token: token.map(|token| sensitive(token.to_owned())),
        authorization: sensitive(authorization),
    }
}

/// The names of the signed headers, and the headers as they are signed, both in the order of the alphabet.
fn signed_headers(
    request: &SigningRequest<'_>,
    date: &str,
    body_hash: &str,
    token: Option<&str>,
) -> (&'static str, Zeroizing<String>) {
    let (content_type, host) = (request.content_type.trim(), without_usual_port(request.host));
    let mut headers = Zeroizing::new(format!(
        "content-type:{content_type}\nhost:{host}\nx-content-sha256:{body_hash}\nx-date:{date}\n"
    ));
    match token {
        None => ("content-type;host;x-content-sha256;x-date", headers),
        Some(token) => {
            headers.extend(["x-security-token:", token, "\n"]);
            ("content-type;host;x-content-sha256;x-date;x-security-token", headers)
        }
    }
}

fn without_usual_port(host: &str) -> &str {
    host.strip_suffix(":80").or_else(|| host.strip_suffix(":443")).unwrap_or(host)
}

/// The path escaped, its slashes kept.
fn path(path: &str) -> String {
    let path = if path.is_empty() { "/" } else { path };
    path.split('/').map(|part| escape(part).to_string()).collect::<Vec<_>>().join("/")
}

/// The query sorted by its keys and escaped. Items with the same key stay in their order.
fn query(items: &[(&str, &str)]) -> String {
    let mut sorted: Vec<(&str, &str)> = Vec::with_capacity(items.len());
    for item in items {
        // The library is smaller without a sort for any length.
        let at = sorted.partition_point(|(key, _)| *key <= item.0);
        sorted.insert(at, *item);
    }
    sorted.iter().map(|(key, value)| format!("{}={}", escape(key), escape(value))).collect::<Vec<_>>().join("&")
}

/// The result is wiped: most are keys.
fn hmac(key: &[u8], text: &str) -> Zeroizing<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(text.as_bytes());
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// Bytes in lower-case hexadecimal.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A time in UTC as `YYYYMMDDTHHMMSSZ`. A time before 1970 is shown as the start of 1970.
struct Date(SystemTime);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (days, time) = (seconds / 86_400, seconds % 86_400);
        // Years begin in March here, so that the leap day is their last (Howard Hinnant, "chrono-Compatible Low-Level Date
        // Algorithms").
        let days = days + 719_468;
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
        let year = year + era * 400 + u64::from(month <= 2);
        write!(f, "{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", time / 3600, time / 60 % 60, time % 60)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (951_868_800, "20000301T000000Z"),
            (1_718_781_186, "20240619T071306Z"),
            (1_767_139_200, "20251231T000000Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(Date(UNIX_EPOCH + Duration::from_secs(seconds)).to_string(), text);
        }
        assert_eq!(Date(UNIX_EPOCH - Duration::from_secs(1)).to_string(), "19700101T000000Z");
    }

    #[test]
    fn a_signature_shows_no_secret() {
        let credentials = Credentials::new("canary-ak", "canary-sk").unwrap().session_token("canary-token").unwrap();
        let request = SigningRequest {
            method: "POST",
            host: "gw.example:8443",
            path: "",
            query: &[],
            content_type: "application/json",
            body_sha256: [0; 32],
            region: "cn-north-1",
            service: "cv",
            date: UNIX_EPOCH,
        };
        let signature = sign(&request, &credentials);
        assert!(!format!("{signature:?}").contains("canary"));
        assert_eq!(signature.x_security_token.unwrap(), "canary-token");
    }

    #[test]
    fn usual_ports_are_not_signed() {
        let hosts = ["h:80", "h:443", "h:8443", "h", "[::1]:80"].map(without_usual_port);
        assert_eq!(hosts, ["h", "h", "h:8443", "h", "[::1]"]);
        assert_eq!((path("/a b/é+*~"), path("")), ("/a%20b/%C3%A9%2B%2A~".to_owned(), "/".to_owned()));
    }
}
