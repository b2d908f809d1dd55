//! The canonical request and its signature, by the public description.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use super::authorization::Authorization;
use super::{Denial, deny};
use crate::codes;
use crate::http::Head;

/// The text that is hashed and signed: method, path, query, headers, their names and the hash of the body.
pub(super) fn request(head: &Head, authorization: &Authorization<'_>, body_hash: &str) -> Result<String, Denial> {
    let mut headers = String::new();
    for name in authorization.signed_headers.split(';') {
        let Some(value) = head.header(name) else {
            let why = format!("SignedHeaders names {name}, which the request does not have");
            return deny(codes::SIGNATURE_DOES_NOT_MATCH, why);
        };
        let value = if name == "host" { without_default_port(value.trim()) } else { value.trim() };
        headers += &format!("{name}:{value}\n");
    }
    let path = escape(&unescape(&head.path), b"/");
    let query = query(&head.query);
    let Head { method, .. } = head;
    Ok(format!("{method}\n{path}\n{query}\n{headers}\n{}\n{body_hash}", authorization.signed_headers))
}

/// The canonical request for a message: the values of tokens are left out.
pub(super) fn without_secrets(canonical: &str) -> String {
    let hide = |line: &str| match line.split_once(':') {
        Some((name @ ("x-security-token" | "authorization" | "cookie"), _)) => format!("{name}:(hidden)"),
        _ => line.to_owned(),
    };
    canonical.split('\n').map(hide).collect::<Vec<_>>().join("\n")
}

/// The signature in hexadecimal digits. `scope` is date, region and service.
pub(super) fn signature(secret_key: &str, x_date: &str, scope: &[&str; 3], canonical_hash: &str) -> String {
    let [date, region, service] = scope;
    let text = format!("HMAC-SHA256\n{x_date}\n{date}/{region}/{service}/request\n{canonical_hash}");
    let mut key = secret_key.as_bytes().to_vec();
    for step in [date, region, service, &"request"] {
        key = hmac(&key, step);
    }
    hex(&hmac(&key, &text))
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The official SDKs sign the host without `:80` and `:443`, whatever the scheme is.
fn without_default_port(host: &str) -> &str {
    match host.split_once(':') {
        Some((name, "80" | "443")) => name,
        _ => host,
    }
}

/// The items of a query, decoded, sorted by their names and escaped again. Those of one name stay in their order.
fn query(query: &str) -> String {
    let decode = |text: &str| unescape(&text.replace('+', " "));
    let mut items: Vec<(Vec<u8>, Vec<u8>)> = query
        .split('&')
        .filter(|item| !item.is_empty())
        .map(|item| item.split_once('=').unwrap_or((item, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect();
    items.sort_by(|one, other| one.0.cmp(&other.0));
    let items = items.iter().map(|(name, value)| format!("{}={}", escape(name, b""), escape(value, b"")));
    items.collect::<Vec<_>>().join("&")
}

fn unescape(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digit = |offset: usize| bytes.get(at + offset).and_then(|&digit| char::from(digit).to_digit(16));
        match digit(1).zip(digit(2)).filter(|_| byte == b'%') {
            Some((high, low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// RFC 3986: all but the unreserved characters, and those in `kept`, become `%XX`.
fn escape(bytes: &[u8], kept: &[u8]) -> String {
    let escape = |&byte: &u8| match byte {
        byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || kept.contains(&byte) => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    bytes.iter().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_sorted_by_its_decoded_names_and_escaped_in_one_way() {
        for (sent, canonical) in [
            ("", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a", "a="),
            ("a=&&b", "a=&b="),
            ("a=x+y&a=%2b*~/", "a=x%20y&a=%2B%2A~%2F"),
            ("%7e=%e4%b8%ad", "~=%E4%B8%AD"),
            ("a=100%&b=%zz&c=%+4", "a=100%25&b=%25zz&c=%25%204"),
            // As bytes, 中 is behind x, although its escape is before it.
            ("%E4%B8%AD=1&x=2", "x=2&%E4%B8%AD=1"),
            ("a-b=1&a%20b=2", "a%20b=2&a-b=1"),
        ] {
            assert_eq!(query(sent), canonical, "{sent}");
        }
    }

    #[test]
    fn a_default_port_is_not_signed() {
        for (host, signed) in
            [("a:80", "a"), ("a:443", "a"), ("a:8080", "a:8080"), ("a", "a"), ("[::1]:80", "[::1]:80")]
        {
            assert_eq!(without_default_port(host), signed);
        }
    }

    #[test]
    fn a_token_is_not_shown() {
        let shown = without_secrets("POST\n/\n\nhost:a\nx-security-token:secret:text\n\nhost;x-security-token\nhash");
        assert_eq!(shown, "POST\n/\n\nhost:a\nx-security-token:(hidden)\n\nhost;x-security-token\nhash");
    }
}
