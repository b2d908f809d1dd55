//! Lets each large allocation fail in turn: no memory is an error that says what the call cost, and the client goes on.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};

use volcv::core::types::memory::{Kept, Provider, provide};
use volcv::{
    BlockingClient, CallOptions, Charge, ClientBuilder, CvRequest, Error, ErrorKind, ExpandBlocking as _,
    ExpandOptions, Outpaint, Picture, Sides, Wish,
};

use super::{ALONE, LARGE, PICTURES, picture, serve};

/// Large allocations until the one that fails; negative: none does.
static UNTIL: AtomicI64 = AtomicI64::new(-1);
static FAILED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// The memory was asked for before.
    static IS_KEPT: Cell<bool> = const { Cell::new(false) };
}

/// Whether an allocation of this size fails.
pub(super) fn is_due(size: usize) -> bool {
    if size < LARGE || UNTIL.load(SeqCst) < 0 || IS_KEPT.get() {
        return false;
    }
    let due = UNTIL.fetch_sub(1, SeqCst) == 0;
    FAILED.fetch_or(due, SeqCst);
    due
}

/// Memory that is asked for in advance and can be used then, as in the C library.
struct Keeper;

impl Provider for Keeper {
    fn keep(&self, bytes: usize) -> Option<Box<dyn Kept>> {
        Vec::<u8>::new().try_reserve_exact(bytes).ok()?;
        Some(Box::new(Keeper))
    }

    fn outside(&self, work: &mut dyn FnMut()) {
        let before = IS_KEPT.replace(false);
        work();
        IS_KEPT.set(before);
    }
}

impl Kept for Keeper {
    fn run(&self, work: &mut dyn FnMut()) {
        let before = IS_KEPT.replace(true);
        work();
        IS_KEPT.set(before);
    }
}

/// Runs a call with each of its large allocations failing, and returns how often it ended without memory.
fn torture(url: &str, call: impl Fn(&BlockingClient) -> Result<(), Error>) -> usize {
    provide(&Keeper);
    let mut ends = 0;
    for nth in 0.. {
        let client = ClientBuilder::new(url, "some-key").max_attempts(1).ureq().unwrap();
        FAILED.store(false, SeqCst);
        UNTIL.store(nth, SeqCst);
        let result = call(&client);
        UNTIL.store(-1, SeqCst);
        if !FAILED.load(SeqCst) {
            result.unwrap();
            return ends;
        }
        if let Err(error) = result {
            assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{nth}: {error}");
            assert_eq!(error.charge() > Charge::None, error.delivery().is_some_and(|delivery| delivery.is_full()));
            assert!(error.charge() == Charge::None || !error.is_retryable());
            ends += 1;
        }
        call(&client).unwrap();
    }
    unreachable!("the loop ends when nothing has failed")
}

#[test]
fn a_call_without_memory_says_what_it_cost_and_the_client_goes_on() {
    let _alone = ALONE.lock().unwrap();
    for size in PICTURES {
        let (url, input) = (serve(picture(size)), Picture::from(picture(size)));
        let outpaint = Outpaint::equal(input.clone(), 0.25);
        let ends = torture(&url, |client| client.outpaint(&outpaint).map(|_| ()));
        // The buffers of the connection. A picture for whose announced length there is no memory has a second chance.
        assert_eq!(ends, 1, "{size}");
        let request = || CvRequest::new("A", "V", serde_json::json!({})).unwrap();
        let ends = torture(&url, |client| client.call(request(), &CallOptions::new()).map(|_| ()));
        assert!(ends > 0, "{ends}");
    }
}

#[test]
fn a_whole_operation_without_memory_is_an_error_wherever_it_comes_to_it() {
    let _alone = ALONE.lock().unwrap();
    let noise = |x: u32, y: u32| (x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77)).wrapping_mul(0x2C1B_3C6D);
    let file = |width: u32| {
        let picture =
            image::RgbImage::from_fn(width, 256, |x, y| image::Rgb(noise(x, y).to_be_bytes()[..3].try_into().unwrap()));
        let mut file = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut file, image::ImageFormat::Png).unwrap();
        file.into_inner()
    };
    let (url, input) = (serve(file(320)), volcv::Bytes::from(file(256)));
    let wish = Wish::sides(Sides { left: 0.25, ..Sides::ZERO });
    let ends = torture(&url, |client| {
        client.expand(input.clone(), &wish, &ExpandOptions::new()).map(|_| ()).inspect_err(|error| {
            let has_file = error.rejected_pictures().iter().any(|file| file.len() > LARGE);
            assert!(has_file || !error.to_string().contains("cannot be used"), "{error}");
        })
    });
    assert!(ends > 4, "{ends}");
}
