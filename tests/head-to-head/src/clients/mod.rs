//! The clients under one trait: a call, and how it ended in a few words.

mod azure;
mod openai;
mod retry;
mod volcv;

use std::error::Error;
use std::sync::LazyLock;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// The columns of the table, in order.
pub const CONTESTANTS: [Contestant; 5] = [
    Contestant {
        name: "volcv on ureq",
        packages: &["volcv", "ureq"],
        joint: " on ",
        judged: true,
        connect: volcv::on_ureq,
    },
    Contestant {
        name: "volcv on reqwest",
        packages: &["volcv", "reqwest"],
        joint: " on ",
        judged: true,
        connect: volcv::on_reqwest,
    },
    Contestant {
        name: "async-openai",
        packages: &["async-openai"],
        joint: "",
        judged: false,
        connect: openai::connect,
    },
    Contestant {
        name: "reqwest-retry",
        packages: &["reqwest-middleware", "reqwest-retry"],
        joint: " + ",
        judged: false,
        connect: retry::connect,
    },
    Contestant { name: "azure_core", packages: &["azure_core"], joint: "", judged: false, connect: azure::connect },
];

/// One client.
pub struct Contestant {
    /// The name in the progress output.
    pub name: &'static str,
    /// The packages whose versions the table shows.
    pub packages: &'static [&'static str],
    /// The text between two packages.
    pub joint: &'static str,
    /// Whether `--check` judges this client.
    pub judged: bool,
    /// Makes a client with its default settings.
    pub connect: fn(&Target) -> Box<dyn Caller>,
}

/// Where a client sends to.
pub struct Target {
    /// The base URL, without a final slash.
    pub url: String,
    /// A limit for one attempt, set by the client's nearest option; `None` leaves the client's default.
    pub limit: Option<Duration>,
}

/// A client that is ready to call.
pub trait Caller {
    /// Sends one paid POST of some 6 MB with all the attempts that the client makes by itself.
    fn call(&self) -> Outcome;
}

/// How a call ended.
pub struct Outcome {
    /// Whether there is a usable answer.
    pub success: bool,
    /// For the table.
    pub words: String,
    /// For progress.
    pub detail: String,
}

impl Outcome {
    /// A usable answer.
    pub fn success() -> Self {
        Self { success: true, words: "success".to_owned(), detail: String::new() }
    }

    /// An error.
    pub fn failure(words: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { success: false, words: words.into(), detail: detail.into() }
    }
}

/// Makes the picture and the prompt that all calls share.
pub fn prepare() {
    volcv::prepare();
    LazyLock::force(&PROMPT);
}

/// A reply that the client of this path takes for a success.
pub fn good_reply(path: &str) -> &'static [u8] {
    if path.contains(openai::PATH) { openai::REPLY } else { volcv::REPLY }
}

/// The body of the other clients, which cannot send pictures. Its size is that of volcv's body.
static PROMPT: LazyLock<String> = LazyLock::new(|| "a lake at dawn, ".repeat(6_200_000 / 16));

fn prompt_json() -> Vec<u8> {
    format!(r#"{{"prompt":"{}"}}"#, *PROMPT).into_bytes()
}

/// A runtime with a worker that also runs between calls, so that clients notice closed connections as in a real program.
fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().expect("the machine has a thread to spare")
}

/// reqwest with its defaults, and with a limit where the row has one.
fn reqwest_client(limit: Option<Duration>) -> reqwest::Client {
    let builder = reqwest::Client::builder();
    let builder = if let Some(limit) = limit { builder.timeout(limit) } else { builder };
    builder.build().expect("the machine has root certificates")
}

/// Two words for an error that has an error of reqwest among its sources.
fn failure(error: &(dyn Error + 'static)) -> Outcome {
    let chain: Vec<_> = std::iter::successors(Some(error), |error| (*error).source()).collect();
    let detail = chain.iter().map(ToString::to_string).collect::<Vec<_>>().join(": ");
    let words = match chain.iter().find_map(|error| reqwest_error(*error)) {
        Some(error) if error.is_timeout() => "timed out",
        Some(error) if error.is_connect() => "not connected",
        Some(error) if error.is_decode() || error.is_body() => "broken reply",
        Some(_) => "connection lost",
        None => "other error",
    };
    Outcome::failure(words, detail)
}

/// reqwest-middleware wraps the errors of reqwest.
fn reqwest_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a reqwest::Error> {
    match error.downcast_ref() {
        Some(reqwest_middleware::Error::Reqwest(error)) => Some(error),
        _ => error.downcast_ref(),
    }
}

fn status(status: u16) -> Outcome {
    Outcome::failure(format!("status {status}"), "")
}
