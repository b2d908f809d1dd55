//! Requests on direct access, signed by the rules of the service's pages and of the official SDKs.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use volcv_emulator::{DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Emulator};

use crate::support::{Answer, connect, read};

/// A request before it is signed. Its query is in the canonical form.
#[derive(Clone)]
pub(crate) struct Signed {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    pub(crate) token: Option<String>,
    pub(crate) query: String,
    pub(crate) scope: [String; 2],
    /// The date by the client's clock.
    pub(crate) x_date: String,
    pub(crate) signed_headers: String,
    pub(crate) body: String,
}

impl Signed {
    /// A call of an action with the default pair of keys, dated by a server's clock.
    pub(crate) fn new(emulator: &Emulator, action: &str, body: &Value) -> Self {
        let version = if action == "CVCancelTask" { "2024-06-06" } else { "2022-08-31" };
        Self {
            access_key: DEFAULT_ACCESS_KEY.to_owned(),
            secret_key: DEFAULT_SECRET_KEY.to_owned(),
            token: None,
            query: format!("Action={action}&Version={version}"),
            scope: ["cn-north-1".to_owned(), "cv".to_owned()],
            x_date: server_date(emulator),
            signed_headers: "content-type;host;x-content-sha256;x-date".to_owned(),
            body: body.to_string(),
        }
    }

    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self.signed_headers += ";x-security-token";
        self
    }

    /// The whole request as text.
    pub(crate) fn text(&self) -> String {
        let hash = sha256(self.body.as_bytes());
        let mut headers = vec![
            ("content-type", "application/json"),
            ("host", "visual.example"),
            ("x-content-sha256", &hash),
            ("x-date", &self.x_date),
        ];
        headers.extend(self.token.as_deref().map(|token| ("x-security-token", token)));
        let lines = |names: &mut dyn Iterator<Item = &str>, between: &str, end: &str| -> String {
            names
                .map(|name| {
                    let value = headers.iter().find(|(known, _)| *known == name).unwrap().1;
                    format!("{name}:{between}{value}{end}")
                })
                .collect()
        };
        let signed_lines = lines(&mut self.signed_headers.split(';'), "", "\n");
        let canonical = format!("POST\n/\n{}\n{signed_lines}\n{}\n{hash}", self.query, self.signed_headers);
        let [region, service] = &self.scope;
        let date = &self.x_date[..8];
        let scope = format!("{date}/{region}/{service}/request");
        let to_sign = format!("HMAC-SHA256\n{}\n{scope}\n{}", self.x_date, sha256(canonical.as_bytes()));
        let mut key = self.secret_key.clone().into_bytes();
        for step in [date, region, service, "request", &to_sign] {
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            mac.update(step.as_bytes());
            key = mac.finalize().into_bytes().to_vec();
        }
        let authorization = format!(
            "HMAC-SHA256 Credential={}/{scope}, SignedHeaders={}, Signature={}",
            self.access_key,
            self.signed_headers,
            hex(&key)
        );
        let all_lines = lines(&mut headers.iter().map(|(name, _)| *name), " ", "\r\n");
        let length = self.body.len();
        format!(
            "POST /?{} HTTP/1.1\r\n{all_lines}Authorization: {authorization}\r\nContent-Length: {length}\r\n\r\n{}",
            self.query, self.body
        )
    }

    /// One exchange on a connection of its own.
    pub(crate) fn send(&self, emulator: &Emulator) -> Answer {
        send_text(emulator, &self.text())
    }
}

pub(crate) fn send_text(emulator: &Emulator, text: &str) -> Answer {
    let mut stream = connect(emulator);
    stream.write_all(text.as_bytes()).unwrap();
    read(&mut stream)
}

/// The `Date` of the server, in the form of `X-Date`.
fn server_date(emulator: &Emulator) -> String {
    let answer = send_text(emulator, "GET /files/none HTTP/1.1\r\nHost: x\r\n\r\n");
    let date = answer.header("Date").unwrap().to_owned();
    let words: Vec<_> = date.split(' ').collect();
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| *name == words[2]).unwrap() + 1;
    format!("{}{month:02}{}T{}Z", words[3], words[1], words[4].replace(':', ""))
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
