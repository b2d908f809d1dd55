//! azure_core: its pipeline with the default retry policy, as its service clients build it.

use std::sync::Arc;

use azure_core::error::ErrorKind;
use azure_core::http::{ClientOptions, Context, Method, Pipeline, Request, Transport, Url};
use tokio::runtime::Runtime;

use super::{Caller, Outcome, Target, failure, prompt_json, reqwest_client, runtime, status};

/// A pipeline with default options.
pub fn connect(target: &Target) -> Box<dyn Caller> {
    let mut options = ClientOptions::default();
    if target.limit.is_some() {
        // Its limits are fixed; its documented way to others is a transport with one's own reqwest client.
        options.transport = Some(Transport::new(Arc::new(reqwest_client(target.limit))));
    }
    let (name, version) = (option_env!("CARGO_PKG_NAME"), option_env!("CARGO_PKG_VERSION"));
    let pipeline = Pipeline::new(name, version, options, Vec::new(), Vec::new(), None);
    let url = Url::parse(&(target.url.clone() + "/paid")).expect("the server's address is a URL");
    Box::new(Azure { runtime: runtime(), pipeline, url })
}

struct Azure {
    runtime: Runtime,
    pipeline: Pipeline,
    url: Url,
}

impl Caller for Azure {
    fn call(&self) -> Outcome {
        let mut request = Request::new(self.url.clone(), Method::Post);
        request.insert_header("content-type", "application/json");
        request.set_body(prompt_json());
        match self.runtime.block_on(self.pipeline.send(&Context::new(), &mut request, None)) {
            Ok(_) => Outcome::success(),
            Err(error) => match error.kind() {
                ErrorKind::HttpResponse { status: code, .. } => status((*code).into()),
                _ => failure(&error),
            },
        }
    }
}
