//! Where the credentials of direct access come from: a value, the environment, files, or a provider of the program. What is
//! signed with them, and when new ones are needed, the core decides.

mod ask;
mod files;

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use volcv_core::{Credentials, CredentialsError, Error};

pub(crate) use ask::Asker;

use crate::transport::BoxFuture;

/// Gives credentials whenever a call needs new ones: before the first call, a minute before the last ones end, and when the
/// service refuses a session token.
///
/// It runs on a thread of its own, `volcv-credentials`, one at a time for all calls of a client; calls that come meanwhile wait
/// for the same answer. A call waits no longer than its attempt limit and its deadline. A provider that never returns keeps its
/// thread, and every call of the client fails in time.
///
/// It must not use the client that asks it: it would wait for itself.
///
/// A closure is a provider, too:
///
/// ```
/// use volcv_transport::{Credentials, CredentialsSource};
///
/// let source = CredentialsSource::provider(|| {
///     let text = std::fs::read_to_string("/run/secrets/volcengine")?;
///     let (access_key, secret_key) = text.trim().split_once(':').ok_or("no colon in the file")?;
///     Ok(Credentials::new(access_key, secret_key)?)
/// });
/// ```
pub trait CredentialsProvider: Send + Sync + 'static {
    /// The credentials, with their end if they have one.
    ///
    /// # Errors
    /// Why there are none. The text of the error must hold no secret; it becomes part of the error of the call.
    fn credentials(&self) -> Result<Credentials, CredentialsError>;
}

impl<F> CredentialsProvider for F
where
    F: Fn() -> Result<Credentials, CredentialsError> + Send + Sync + 'static,
{
    fn credentials(&self) -> Result<Credentials, CredentialsError> {
        self()
    }
}

/// As [`CredentialsProvider`], as a future, for the async client only. It runs as a part of the call that needs it, and is dropped
/// with it. Calls that need credentials at the same time each ask.
pub trait AsyncCredentialsProvider: Send + Sync + 'static {
    /// The credentials, with their end if they have one.
    ///
    /// # Errors
    /// As [`CredentialsProvider::credentials`].
    fn credentials(&self) -> impl Future<Output = Result<Credentials, CredentialsError>> + Send;
}

/// Where a client has its credentials from.
///
/// ```no_run
/// use volcv_transport::{ClientBuilder, Credentials, CredentialsSource};
///
/// let fixed = ClientBuilder::direct(Credentials::new("AK…", "…")?);
/// let from_the_machine = ClientBuilder::direct(CredentialsSource::find()?);
/// # Ok::<(), volcv_transport::Error>(())
/// ```
#[derive(Clone)]
pub struct CredentialsSource(pub(crate) Source);

#[derive(Clone)]
pub(crate) enum Source {
    Fixed(Credentials),
    Blocking(Arc<Asker>),
    Async(Arc<dyn ErasedProvider>),
}

impl CredentialsSource {
    /// Asks this provider; serves both clients.
    pub fn provider(provider: impl CredentialsProvider) -> Self {
        Self(Source::Blocking(Arc::new(Asker::new(provider))))
    }

    /// Asks this provider; serves the async client only.
    pub fn async_provider(provider: impl AsyncCredentialsProvider) -> Self {
        Self(Source::Async(Arc::new(provider)))
    }

    /// `VOLC_ACCESSKEY`, `VOLC_SECRETKEY` and, for temporary keys, `VOLC_SESSION_TOKEN` of the environment, read now.
    ///
    /// # Errors
    /// One of the first two is not set, or a value cannot be used.
    pub fn from_env() -> Result<Self, Error> {
        files::from_env()?.map(Self::from).ok_or_else(|| Error::auth(files::NO_ENV))
    }

    /// The files of the official SDKs in the home directory, read now: `~/.volc/credentials` (INI: `access_key_id` and
    /// `secret_access_key` in the section `default`) or, if there is no such file, `~/.volc/config` (JSON: `ak` and `sk`). Both may
    /// have a `session_token`. Source: `volcengine/base/Service.py` in `volcengine/volc-sdk-python`.
    ///
    /// # Errors
    /// There is neither file, or it cannot be read.
    pub fn from_files() -> Result<Self, Error> {
        files::from_files(files::home().as_deref())?.map(Self::from).ok_or_else(|| Error::auth(files::NO_FILES))
    }

    /// As the official SDKs look for them: [`CredentialsSource::from_env`], then [`CredentialsSource::from_files`].
    ///
    /// # Errors
    /// There are none in either place, or they cannot be used.
    pub fn find() -> Result<Self, Error> {
        match files::from_env()? {
            Some(credentials) => Ok(credentials.into()),
            None => match files::from_files(files::home().as_deref())? {
                Some(credentials) => Ok(credentials.into()),
                None => Err(Error::auth(format!("{}; {}", files::NO_ENV, files::NO_FILES))),
            },
        }
    }

    /// The credentials, if they never change.
    pub(crate) fn fixed(&self) -> Option<Credentials> {
        match &self.0 {
            Source::Fixed(credentials) => Some(credentials.clone()),
            _ => None,
        }
    }

    /// Whether only the async client can ask for them.
    pub(crate) fn is_async(&self) -> bool {
        matches!(self.0, Source::Async(_))
    }
}

impl From<Credentials> for CredentialsSource {
    fn from(credentials: Credentials) -> Self {
        Self(Source::Fixed(credentials))
    }
}

impl fmt::Debug for CredentialsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Fixed(_) => "Credentials([redacted])",
            Source::Blocking(_) => "CredentialsProvider",
            Source::Async(_) => "AsyncCredentialsProvider",
        })
    }
}

/// What is said of fixed credentials that have to be replaced.
pub(crate) const NO_PROVIDER: &str = "the given ones have expired, and there is no provider of others";

const PANICKED: &str = "the provider of credentials panicked";

/// [`AsyncCredentialsProvider`] as a trait object.
pub(crate) trait ErasedProvider: Send + Sync + 'static {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, CredentialsError>>;
}

impl<P: AsyncCredentialsProvider> ErasedProvider for P {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, CredentialsError>> {
        // In the block, the call of the provider itself is a part of the future. A panic must not end the other calls of a batch.
        let mut asking: BoxFuture<'_, _> = Box::pin(async move { AsyncCredentialsProvider::credentials(self).await });
        Box::pin(poll_fn(move |context| {
            catch_unwind(AssertUnwindSafe(|| asking.as_mut().poll(context)))
                .unwrap_or_else(|_| Poll::Ready(Err(PANICKED.into())))
        }))
    }
}
