//! Pictures to send, and one face over the two clients so that each test runs on both.

use std::future::Future;
use std::io::Cursor;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use image::{GrayImage, ImageFormat, Luma, RgbImage};
use tokio::runtime::{Builder, Runtime};
use volcv::Bytes;
use volcv::{
    AbilityRequest, BlockingClient, CallOptions, Client, ClientBuilder, Credentials, CvRequest, Error, Outcome,
    Outpaint, Picture, RetryPolicy, Task, TaskReport, TaskRequest,
};
use volcv_emulator::{AccessKind, DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Emulator};

#[cfg(test)]
use crate::ear::listen;

/// The measuring program, which shares this file, has no ear.
#[cfg(not(test))]
fn listen() {}

/// A client on either transport.
pub(crate) enum AnyClient {
    Ureq(BlockingClient),
    Reqwest(Runtime, Client),
}

pub(crate) const TRANSPORTS: [&str; 2] = ["ureq", "reqwest"];

/// A builder for a client of this emulator.
pub(crate) fn builder(emulator: &Emulator) -> ClientBuilder {
    ClientBuilder::new(emulator.base_url(), volcv_emulator::DEFAULT_KEY)
}

/// A builder for a client that signs its calls to this emulator.
pub(crate) fn direct(emulator: &Emulator) -> ClientBuilder {
    let credentials = Credentials::new(DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY).unwrap();
    ClientBuilder::direct(credentials).base_url(emulator.base_url())
}

/// Runs the same call on either client.
macro_rules! on_either {
    ($any:expr, $client:ident => $call:expr) => {
        match $any {
            AnyClient::Ureq($client) => $call,
            AnyClient::Reqwest(runtime, $client) => runtime.block_on($call),
        }
    };
}

impl AnyClient {
    pub(crate) fn new(transport: &str, builder: ClientBuilder) -> Self {
        listen();
        match transport {
            "ureq" => AnyClient::Ureq(builder.ureq().unwrap()),
            _ => {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                AnyClient::Reqwest(runtime, builder.reqwest().unwrap())
            }
        }
    }

    pub(crate) fn outpaint(&self, outpaint: &Outpaint, options: &CallOptions) -> Result<Outcome, Error> {
        on_either!(self, client => client.outpaint_with(outpaint, options))
    }

    pub(crate) fn generate(
        &self,
        ability: &(dyn AbilityRequest + Sync),
        options: &CallOptions,
    ) -> Result<Outcome, Error> {
        on_either!(self, client => client.generate(ability, options))
    }

    pub(crate) fn variants(
        &self,
        outpaint: &Outpaint,
        seeds: &[i64],
        options: &CallOptions,
    ) -> Result<Vec<Result<Outcome, Error>>, Error> {
        on_either!(self, client => client.variants(outpaint, seeds, options))
    }

    pub(crate) fn call(&self, request: CvRequest) -> Result<Outcome, Error> {
        on_either!(self, client => client.call(request, &CallOptions::new()))
    }

    pub(crate) fn download(&self, link: &str) -> Result<Bytes, Error> {
        on_either!(self, client => client.download(link, &CallOptions::new()))
    }

    pub(crate) fn submit(&self, request: &TaskRequest, options: &CallOptions) -> Result<Task, Error> {
        on_either!(self, client => client.submit(request, options))
    }

    pub(crate) fn run_task(&self, request: &TaskRequest, options: &CallOptions) -> Result<Outcome, Error> {
        on_either!(self, client => client.run_task(request, options))
    }

    pub(crate) fn wait(&self, task: &Task, options: &CallOptions) -> Result<Outcome, Error> {
        on_either!(self, client => client.wait(task, options))
    }

    pub(crate) fn task_status(&self, task: &Task) -> Result<TaskReport, Error> {
        on_either!(self, client => client.task_status(task, &CallOptions::new()))
    }

    pub(crate) fn cancel_task(&self, task: &Task) -> Result<(), Error> {
        on_either!(self, client => client.cancel_task(task, &CallOptions::new()))
    }
}

/// Quick polls and quick retries, so that no test waits.
fn quick() -> RetryPolicy {
    let wait = Duration::from_millis(1);
    RetryPolicy::new().base(wait).cap(wait * 4).poll_interval(wait)
}

/// Runs a test with each client on each access.
pub(crate) fn on_each_client(test: impl Fn(&Emulator, &AnyClient, AccessKind)) {
    for transport in TRANSPORTS {
        for (access, builder) in
            [(AccessKind::Gateway, builder as fn(&Emulator) -> ClientBuilder), (AccessKind::Direct, direct)]
        {
            let emulator = Emulator::start().unwrap();
            test(&emulator, &AnyClient::new(transport, builder(&emulator).retry(quick())), access);
        }
    }
}

/// A small picture of 96 x 64 pixels: its request fits into a socket's buffer at once.
pub(crate) fn small() -> Picture {
    Picture::from_static(small_bytes())
}

pub(crate) fn small_bytes() -> &'static [u8] {
    static PNG: LazyLock<Vec<u8>> = LazyLock::new(|| png(&gradient(96, 64)));
    &PNG
}

/// A picture of several megabytes: its request is too large for any socket buffer.
pub(crate) fn large() -> Picture {
    Picture::from_static(large_bytes())
}

pub(crate) fn large_bytes() -> &'static [u8] {
    static PNG: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut state = 1_u32;
        let noise = RgbImage::from_fn(2000, 1400, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            image::Rgb([(state >> 24) as u8, (state >> 16) as u8, (state >> 8) as u8])
        });
        png(&noise)
    });
    &PNG
}

pub(crate) fn gradient(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| image::Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, 128]))
}

pub(crate) fn png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// What is white in [`mask`].
pub(crate) fn is_white(x: u32, y: u32) -> bool {
    (20..50).contains(&x) && (10..40).contains(&y)
}

/// A mask with a white rectangle, as a PNG with one channel.
pub(crate) fn mask(width: u32, height: u32) -> Vec<u8> {
    let mask = GrayImage::from_fn(width, height, |x, y| Luma([if is_white(x, y) { 255 } else { 0 }]));
    let mut bytes = Cursor::new(Vec::new());
    mask.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// The smallest executor: it has no reactor and no timer.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}
