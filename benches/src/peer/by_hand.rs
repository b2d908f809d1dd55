//! A client written by hand with reqwest, serde_json and base64, each used as its documentation shows.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::{Peer, Setup, runtime, volcv};
use crate::picture::picture;

pub struct ByHand {
    runtime: Runtime,
    service: Arc<Service>,
}

struct Service {
    client: reqwest::Client,
    url: String,
    picture: Vec<u8>,
}

#[derive(Deserialize)]
struct Reply {
    code: i64,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    binary_data_base64: Vec<String>,
}

impl ByHand {
    pub fn new(setup: &Setup) -> Self {
        // reqwest needs a provider, because volcv switches off the feature of reqwest that brings one. An error means that
        // one is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let service = Service {
            client: reqwest::Client::new(),
            url: format!("{}/volcv/v1?Action=CVProcess&Version=2022-08-31", setup.url),
            picture: picture(setup.bytes),
        };
        Self { runtime: runtime(), service: Arc::new(service) }
    }
}

impl Service {
    async fn outpaint(&self) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        let body = json!({
            "req_key": "i2i_outpainting",
            "prompt": "a lake at dawn",
            "seed": 7,
            "left": 0.5,
            "right": 0.5,
            "top": 0.0,
            "bottom": 0.0,
            "binary_data_base64": [STANDARD.encode(&self.picture)],
        });
        let response = self.client.post(&self.url).bearer_auth(volcv::KEY).json(&body).send().await?;
        let reply: Reply = response.error_for_status()?.json().await?;
        if reply.code != 10000 {
            return Err(format!("the service answers {}", reply.code).into());
        }
        Ok(STANDARD.decode(&reply.data.binary_data_base64[0])?)
    }
}

impl Peer for ByHand {
    fn call(&self, at_once: usize) {
        let check =
            |picture: Vec<u8>| assert_eq!(picture.len(), self.service.picture.len(), "the picture came back whole");
        self.runtime.block_on(async {
            if at_once == 1 {
                return check(self.service.outpaint().await.expect("the server of the bench answers"));
            }
            let mut running = JoinSet::new();
            for _ in 0..at_once {
                let service = Arc::clone(&self.service);
                running.spawn(async move { service.outpaint().await });
            }
            for result in running.join_all().await {
                check(result.expect("the server of the bench answers"));
            }
        });
    }
}
