//! Whole operations: from a file, a link or pixels to finished pixels, with the original in them bit for bit.
//!
//! The two traits are loops around [`operation`], which holds no I/O. No other rule than the order of the steps is here.

mod expanded;
mod offload;
mod operation;
mod options;
mod source;

use std::sync::Arc;
use std::time::Instant;

pub use expanded::{Expanded, ExpandedPass, best};
pub use options::ExpandOptions;
pub use source::Source;

use crate::{AbilityRequest, BlockingClient, BoxFuture, Client, Error, Wish};
use offload::offload;
use operation::{Event, Operation, Prepared, Step};

/// Whole operations of a [`Client`].
///
/// No codec runs on the thread of the executor: each piece of such work has a thread of its own for its fraction of a second.
pub trait Expand: sealed::Sealed {
    /// Grows a picture: plans, encodes, calls, decodes, and pastes the original back.
    ///
    /// # Errors
    /// As [`Client::outpaint`]. What was paid for is in [`Error::rejected_pictures`] and [`Error::links`], also the files of
    /// earlier calls of the same operation.
    fn expand(
        &self,
        source: impl Into<Source> + Send,
        wish: &Wish,
        options: &ExpandOptions,
    ) -> impl Future<Output = Result<Expanded, Error>> + Send;

    /// Grows a picture once for each seed, with the rules of [`Client::variants`]. It is decoded and encoded once.
    ///
    /// # Errors
    /// The input itself is invalid, or a seed other than -1 is given twice; nothing was sent.
    fn expand_variants(
        &self,
        source: impl Into<Source> + Send,
        wish: &Wish,
        seeds: &[i64],
        options: &ExpandOptions,
    ) -> impl Future<Output = Result<Vec<Result<Expanded, Error>>, Error>> + Send;
}

/// Whole operations of a [`BlockingClient`]: [`Expand`] without a runtime. Codecs run on the calling thread.
pub trait ExpandBlocking: sealed::Sealed {
    /// As [`Expand::expand`].
    ///
    /// # Errors
    /// As [`Expand::expand`].
    fn expand(&self, source: impl Into<Source>, wish: &Wish, options: &ExpandOptions) -> Result<Expanded, Error>;

    /// As [`Expand::expand_variants`].
    ///
    /// # Errors
    /// As [`Expand::expand_variants`].
    fn expand_variants(
        &self,
        source: impl Into<Source>,
        wish: &Wish,
        seeds: &[i64],
        options: &ExpandOptions,
    ) -> Result<Vec<Result<Expanded, Error>>, Error>;
}

impl ExpandOptions {
    /// The first call that an operation makes, with the encoded picture in it, without sending it.
    ///
    /// # Errors
    /// The input is invalid, or a link.
    pub fn first_request(
        &self,
        source: impl Into<Source>,
        wish: &Wish,
    ) -> Result<Box<dyn AbilityRequest + Send + Sync>, Error> {
        Prepared::new(source.into(), wish, self)?.first_request()
    }
}

impl ExpandBlocking for BlockingClient {
    fn expand(&self, source: impl Into<Source>, wish: &Wish, options: &ExpandOptions) -> Result<Expanded, Error> {
        let begun = Instant::now();
        let prepared = prepare(self, source.into(), wish, options)?;
        run(self, Operation::new(prepared, None), options, begun)
    }

    fn expand_variants(
        &self,
        source: impl Into<Source>,
        wish: &Wish,
        seeds: &[i64],
        options: &ExpandOptions,
    ) -> Result<Vec<Result<Expanded, Error>>, Error> {
        let begun = Instant::now();
        let prepared = prepare(self, source.into(), wish, options)?;
        prepared.first_request()?.request()?;
        self.check_seeds(seeds)?;
        let jobs = seeds.iter().map(|seed| Operation::new(Arc::clone(&prepared), Some(*seed))).collect();
        Ok(self.batch(jobs, |job| run(self, job, options, begun), |index, result| options.report(index, result)))
    }
}

fn prepare(
    client: &BlockingClient,
    source: Source,
    wish: &Wish,
    options: &ExpandOptions,
) -> Result<Arc<Prepared>, Error> {
    let source = match source {
        Source::Link(link) => Source::File(client.download(&link, &options.call).map_err(Error::uncharged)?),
        source => source,
    };
    Prepared::new(source, wish, options).map(Arc::new)
}

fn run(
    client: &BlockingClient,
    mut operation: Operation,
    options: &ExpandOptions,
    begun: Instant,
) -> Result<Expanded, Error> {
    let mut event = Event::Start;
    loop {
        let step = operation.next(event);
        let call = options.call.clone().after(begun.elapsed());
        event = match step {
            Step::Call(request) => Event::Called(client.generate(&*request, &call)),
            Step::Download(link) => Event::Downloaded(client.download_outcome(&link, &call)),
            Step::Done(result) => return *result,
        };
    }
}

impl Expand for Client {
    async fn expand(
        &self,
        source: impl Into<Source> + Send,
        wish: &Wish,
        options: &ExpandOptions,
    ) -> Result<Expanded, Error> {
        let (source, begun) = (source.into(), Instant::now());
        let prepared = prepare_async(self, source, wish, options).await?;
        run_async(self, Operation::new(prepared, None), options, begun).await
    }

    async fn expand_variants(
        &self,
        source: impl Into<Source> + Send,
        wish: &Wish,
        seeds: &[i64],
        options: &ExpandOptions,
    ) -> Result<Vec<Result<Expanded, Error>>, Error> {
        let (source, begun) = (source.into(), Instant::now());
        let prepared = prepare_async(self, source, wish, options).await?;
        prepared.first_request()?.request()?;
        self.check_seeds(seeds)?;
        let jobs = seeds.iter().map(|seed| Operation::new(Arc::clone(&prepared), Some(*seed))).collect();
        let run = |job| -> BoxFuture<'_, _> { Box::pin(run_async(self, job, options, begun)) };
        Ok(self.batch(jobs, run, |index, result| options.report(index, result)).await)
    }
}

async fn prepare_async(
    client: &Client,
    source: Source,
    wish: &Wish,
    options: &ExpandOptions,
) -> Result<Arc<Prepared>, Error> {
    let source = match source {
        Source::Link(link) => Source::File(client.download(&link, &options.call).await.map_err(Error::uncharged)?),
        source => source,
    };
    let (wish, options) = (*wish, options.clone());
    offload(move || Prepared::new(source, &wish, &options).map(Arc::new)).await
}

async fn run_async(
    client: &Client,
    mut operation: Operation,
    options: &ExpandOptions,
    begun: Instant,
) -> Result<Expanded, Error> {
    let mut event = Event::Start;
    loop {
        let (back, step) = offload(move || {
            let step = operation.next(event);
            (operation, step)
        })
        .await;
        operation = back;
        let call = options.call.clone().after(begun.elapsed());
        event = match step {
            Step::Call(request) => Event::Called(client.generate(&*request, &call).await),
            Step::Download(link) => Event::Downloaded(client.download_outcome(&link, &call).await),
            Step::Done(result) => return *result,
        };
    }
}

mod sealed {
    /// Only the two clients have whole operations, so a method may be added.
    pub trait Sealed {}
    impl Sealed for crate::Client {}
    impl Sealed for crate::BlockingClient {}
}
