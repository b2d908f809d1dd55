//! How fast the bytes go through volcv itself, in GB/s of the picture: `cargo xtask bench --codec`.

use codec_bench::{buffer, download, finish, sent, success, upload};
use divan::Bencher;
use divan::counter::BytesCount;

const SIZES: [usize; 3] = [64 << 10, 1 << 20, 8 << 20];

fn main() {
    divan::main();
}

/// Raw picture bytes become base64 as a transport reads the request.
#[divan::bench(args = SIZES)]
fn encode(bencher: Bencher<'_, '_>, bytes: usize) {
    let mut buffer = buffer();
    bencher
        .counter(BytesCount::new(bytes))
        .with_inputs(|| sent(bytes))
        .bench_local_values(|(call, body)| (upload(body, &mut buffer), call));
}

/// A reply arrives: its picture text is found and becomes bytes.
#[divan::bench(args = SIZES)]
fn decode(bencher: Bencher<'_, '_>, bytes: usize) {
    let reply = success(bytes);
    bencher.counter(BytesCount::new(bytes)).with_inputs(|| received(bytes)).bench_local_values(|mut call| {
        download(&mut call, 200, &reply);
        call
    });
}

/// As `decode`, and what follows the last byte: the rest of the JSON is read, and the picture is checked.
#[divan::bench(args = SIZES)]
fn whole_reply(bencher: Bencher<'_, '_>, bytes: usize) {
    let reply = success(bytes);
    bencher.counter(BytesCount::new(bytes)).with_inputs(|| received(bytes)).bench_local_values(|mut call| {
        download(&mut call, 200, &reply);
        finish(call)
    });
}

/// What follows the last byte alone.
#[divan::bench(args = SIZES)]
fn after_the_last_byte(bencher: Bencher<'_, '_>, bytes: usize) {
    let reply = success(bytes);
    bencher
        .with_inputs(|| {
            let mut call = received(bytes);
            download(&mut call, 200, &reply);
            call
        })
        .bench_local_values(finish);
}

/// A call whose request has left.
fn received(bytes: usize) -> volcv_core::Call {
    let (call, body) = sent(bytes.min(64 << 10));
    upload(body, &mut buffer());
    call
}
