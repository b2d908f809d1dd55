//! async-openai: `images().generate`.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::images::CreateImageRequest;
use tokio::runtime::Runtime;

use super::{Caller, Outcome, PROMPT, Target, failure, reqwest_client, runtime, status};

/// What the client puts behind its base URL.
pub const PATH: &str = "/images/generations";

/// A success as this API sends it.
pub const REPLY: &[u8] = br#"{"created":1767225600,
  "data":[{"b64_json":"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="}]}"#;

/// A client with nothing changed but the base URL and the key.
pub fn connect(target: &Target) -> Box<dyn Caller> {
    let config = OpenAIConfig::new().with_api_base(&target.url).with_api_key("head-to-head-key");
    let client = Client::with_config(config);
    // It has no limit of its own; its documented way is a reqwest client that has one.
    let client = if target.limit.is_some() { client.with_http_client(reqwest_client(target.limit)) } else { client };
    Box::new(OpenAi(runtime(), client))
}

struct OpenAi(Runtime, Client<OpenAIConfig>);

impl Caller for OpenAi {
    fn call(&self) -> Outcome {
        let request = CreateImageRequest { prompt: PROMPT.clone(), ..CreateImageRequest::default() };
        match self.0.block_on(self.1.images().generate(request)) {
            Ok(_) => Outcome::success(),
            Err(OpenAIError::ApiError(error)) => status(error.status_code.as_u16()),
            Err(error) => failure(&error),
        }
    }
}
