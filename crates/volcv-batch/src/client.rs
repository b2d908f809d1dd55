//! The client of a batch: either of the two kinds, with one method.

use std::panic::resume_unwind;

use volcv::{BlockingClient, Client, Error, Expand as _, ExpandBlocking as _, ExpandOptions, Expanded, Source, Wish};

/// An async or a blocking client.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum AnyClient {
    /// Its calls run as tasks.
    Async(Client),
    /// Each of its calls has a thread while it runs.
    Blocking(BlockingClient),
}

impl AnyClient {
    pub(crate) async fn expand(&self, source: Source, wish: Wish, options: ExpandOptions) -> Result<Expanded, Error> {
        match self {
            Self::Async(client) => client.expand(source, &wish, &options).await,
            Self::Blocking(client) => {
                let client = client.clone();
                let thread = tokio::task::spawn_blocking(move || client.expand(source, &wish, &options));
                thread.await.unwrap_or_else(|error| match error.try_into_panic() {
                    Ok(panic) => resume_unwind(panic),
                    Err(_) => Err(Error::config("the runtime is shutting down")),
                })
            }
        }
    }
}

impl From<Client> for AnyClient {
    fn from(client: Client) -> Self {
        Self::Async(client)
    }
}

impl From<BlockingClient> for AnyClient {
    fn from(client: BlockingClient) -> Self {
        Self::Blocking(client)
    }
}
