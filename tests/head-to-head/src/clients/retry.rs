//! reqwest-middleware with reqwest-retry, set up as in its README: three retries, the default strategy.

use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use tokio::runtime::Runtime;

use super::{Caller, Outcome, Target, failure, prompt_json, reqwest_client, runtime, status};

/// A client with three retries.
pub fn connect(target: &Target) -> Box<dyn Caller> {
    let retries = RetryTransientMiddleware::new_with_policy(ExponentialBackoff::builder().build_with_max_retries(3));
    let client = ClientBuilder::new(reqwest_client(target.limit)).with(retries).build();
    Box::new(Retry { runtime: runtime(), client, url: target.url.clone() + "/paid" })
}

struct Retry {
    runtime: Runtime,
    client: ClientWithMiddleware,
    url: String,
}

impl Caller for Retry {
    fn call(&self) -> Outcome {
        self.runtime.block_on(async {
            let response = match self.client.post(&self.url).body(prompt_json()).send().await {
                Ok(response) => response,
                Err(error) => return failure(&error),
            };
            if !response.status().is_success() {
                return status(response.status().as_u16());
            }
            response.bytes().await.map_or_else(|error| failure(&error), |_| Outcome::success())
        })
    }
}
