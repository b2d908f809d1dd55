//! Counts what one call allocates: the result, at most two buffers of the transport, and nothing else that is large.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "all of this is a test")]

mod torture;

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::RgbImage;
use volcv::{
    BlockingClient, Client, ExpandBlocking as _, ExpandOptions, Outcome, Outpaint, Picture, PixelFormat, Pixels,
};
use volcv::{Size, Wish};

/// Smaller allocations do not count.
const LARGE: usize = 64 * 1024;
/// One whose memory comes from the allocator, and one that has a mapping of its own (`volcv_core::Buffer`).
const PICTURES: [usize; 2] = [200 << 10, 8 << 20];

/// The system's allocator, which writes down the sizes of large allocations while it is told to, and has none for some.
struct Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
static SIZES: [AtomicUsize; 64] = [const { AtomicUsize::new(0) }; 64];
static LENGTH: AtomicUsize = AtomicUsize::new(0);

fn note(size: usize) {
    if size >= LARGE && COUNTS.load(SeqCst) {
        SIZES[LENGTH.fetch_add(1, SeqCst) % SIZES.len()].store(size, SeqCst);
    }
}

// SAFETY: every call goes on to the system's allocator with the same arguments.
#[allow(unsafe_code, reason = "an allocator cannot be written without")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        if torture::is_due(layout.size()) {
            return std::ptr::null_mut();
        }
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        if torture::is_due(layout.size()) {
            return std::ptr::null_mut();
        }
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        if torture::is_due(size) {
            return std::ptr::null_mut();
        }
        // SAFETY: as the caller promises.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }
}

/// What one test does would count in the other.
static ALONE: Mutex<()> = Mutex::new(());

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The sizes of the large allocations of one call, the result's left out.
fn large_allocations(picture: usize, call: impl FnOnce() -> Outcome) -> Vec<usize> {
    LENGTH.store(0, SeqCst);
    COUNTS.store(true, SeqCst);
    let outcome = call();
    COUNTS.store(false, SeqCst);
    assert_eq!(outcome.picture().map(|picture| picture.len()), Some(picture));
    let mut sizes: Vec<usize> = SIZES[..LENGTH.load(SeqCst)].iter().map(|size| size.load(SeqCst)).collect();
    let result = sizes.iter().position(|size| (picture..picture + 1024).contains(size));
    assert_eq!(result.is_some(), picture == PICTURES[0], "the small result is allocated, the large one is mapped");
    result.map(|place| sizes.remove(place));
    sizes
}

#[test]
fn a_call_allocates_its_result_and_at_most_two_large_buffers() {
    let _alone = ALONE.lock().unwrap();
    for size in PICTURES {
        let url = serve(picture(size));
        let outpaint = Outpaint::equal(Picture::from(picture(size)), 0.25);
        let ureq = BlockingClient::new(&url, "some-key").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let reqwest = Client::new(&url, "some-key").unwrap();
        for call in 0..4 {
            let on_ureq = large_allocations(size, || ureq.outpaint(&outpaint).unwrap());
            let on_reqwest = large_allocations(size, || runtime.block_on(reqwest.outpaint(&outpaint)).unwrap());
            // The first call makes the two buffers, later ones use them again.
            // Before that, the memory of both is asked for at once.
            assert!(on_ureq.len() <= if call == 0 { 3 } else { 0 }, "ureq, call {call}: {on_ureq:?}");
            // hyper's buffer for reading grows in four steps on a new connection, and its sizes cannot be set through reqwest.
            // Later it makes a new one when it looks for the next reply while the last piece of this one is still read.
            assert!(on_reqwest.len() <= if call == 0 { 4 } else { 2 }, "reqwest, call {call}: {on_reqwest:?}");
        }
    }
}

/// The client keeps a few mappings for the next pictures, which `pool.rs` bounds; all others go back at once.
#[test]
fn the_memory_of_many_results_goes_back_when_they_are_dropped() {
    const CALLS: usize = 16;
    /// What the pool may keep.
    const KEPT: usize = 24 << 20;
    let _alone = ALONE.lock().unwrap();
    let [_, size] = PICTURES;
    let url = serve(picture(size));
    let outpaint = Outpaint::equal(Picture::from(picture(size)), 0.25);
    let client = BlockingClient::new(&url, "some-key").unwrap();
    // Each on a thread of its own: an allocator would keep some of it for each of them.
    let results: Vec<Outcome> = thread::scope(|scope| {
        let calls: Vec<_> = (0..CALLS).map(|_| scope.spawn(|| client.outpaint(&outpaint).unwrap())).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    let most = resident();
    drop(results);
    // One less, because the kernel counts in steps.
    let freed = most.saturating_sub(resident());
    assert!(freed >= (CALLS - 1) * size - KEPT, "{freed} bytes of {} came back", CALLS * size);
    drop(client);
    let freed = most.saturating_sub(resident());
    assert!(freed >= (CALLS - 1) * size, "{freed} bytes of {} came back with the client", CALLS * size);
}

/// From texture to texture: beside what the engine has and gets, at most 24 MiB.
#[test]
#[cfg(target_os = "linux")]
fn a_whole_operation_needs_little_beside_its_input_and_its_output() {
    let _alone = ALONE.lock().unwrap();
    let (size, out) = (Size { width: 2048, height: 2048 }, Size { width: 3072, height: 2048 });
    let bytes = |size: Size| size.width as usize * size.height as usize * 4;
    // A picture of many details: its PNG is about as large as that of a photo.
    let detailed = |x: u32, y: u32| {
        let noise = (x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77)).wrapping_mul(0x2C1B_3C6D) >> 28;
        [(x / 13 + noise) as u8, (y / 11 + noise) as u8, ((x + y) / 17 + noise) as u8]
    };
    let result = RgbImage::from_fn(out.width, out.height, |x, y| image::Rgb(detailed(x, y)));
    let mut file = std::io::Cursor::new(Vec::new());
    result.write_to(&mut file, image::ImageFormat::Png).unwrap();
    let texture: Vec<u8> = (0..size.height)
        .flat_map(|y| (0..size.width).flat_map(move |x| detailed(x + 512, y).into_iter().chain([255])))
        .collect();
    drop(result);
    let client = BlockingClient::new(serve(file.into_inner()), "some-key").unwrap();
    let pixels = Pixels::new(&texture, volcv::Layout::new(size, PixelFormat::Rgba8)).unwrap();
    let wish = Wish::target(out);

    // From here on, VmHWM is the peak of what follows.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = resident();
    let expanded = client.expand(pixels, &wish, &ExpandOptions::new()).unwrap();
    let needed = status("VmHWM:") - before;
    assert!(expanded.is_exact() && expanded.image.size() == out);
    assert!(expanded.passes[0].file.len() > 6 << 20, "{}", expanded.passes[0].file.len());
    // The texture was there before, so it is not among what was needed.
    println!("{} MiB", needed >> 20);
    assert!(needed <= bytes(out) + (24 << 20), "{} MiB", needed >> 20);
}

/// The memory of this process, in bytes.
fn resident() -> usize {
    status("VmRSS:")
}

fn status(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}

/// Answers each request with a picture, from memory that is there before the first call.
fn serve(picture: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let body = format!(r#"{{"code":10000,"data":{{"binary_data_base64":["{}"]}}}}"#, STANDARD.encode(picture));
    let reply: Arc<str> =
        format!("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into();
    // Ends with the test's process.
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let reply = Arc::clone(&reply);
            thread::spawn(move || answer(&socket, reply.as_bytes()));
        }
    });
    url
}

fn answer(mut socket: &TcpStream, reply: &[u8]) {
    let mut reader = BufReader::with_capacity(32 * 1024, socket);
    loop {
        let (mut length, mut line) = (0, String::new());
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = value.trim_end().parse().unwrap();
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).unwrap();
        socket.write_all(reply).unwrap();
    }
}

/// A GIF is whole if it ends with its trailer; stray zeros before that are skipped.
fn picture(size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    bytes[..10].copy_from_slice(b"GIF89a\x40\0\x40\0");
    bytes[size - 1] = 0x3b;
    bytes
}
