//! How many instructions the core takes, counted by valgrind: `cargo xtask bench --instructions` compares the counts with
//! those of `instructions.txt`.

use std::time::Duration;

use codec_bench::{THROTTLED, buffer, decide, download, finish, sent, success, upload};
use gungraun::{library_benchmark, library_benchmark_group, main};
use volcv_core::{BodyReader, Call, Outcome};

const PICTURE: usize = 1 << 20;
/// So small that the JSON around it is what counts.
const DOT: usize = 100;

// 1 MiB of picture becomes base64.
#[library_benchmark]
#[bench::mib(ready_to_send())]
fn encode((call, body, mut buffer): (Call, BodyReader, Vec<u8>)) -> (usize, Call) {
    (upload(body, &mut buffer), call)
}

// The text of 1 MiB of picture becomes bytes.
#[library_benchmark]
#[bench::mib(waiting_for(success(PICTURE)))]
fn decode((mut call, reply): (Call, Vec<u8>)) -> (Call, Vec<u8>) {
    download(&mut call, 200, &reply);
    (call, reply)
}

// As above, with the memory of a large picture.
#[library_benchmark]
#[bench::mib(waiting_for(success(8 * PICTURE)))]
fn decode_large((mut call, reply): (Call, Vec<u8>)) -> (Call, Vec<u8>) {
    download(&mut call, 200, &reply);
    (call, reply)
}

// A whole reply with next to no picture.
#[library_benchmark]
#[bench::dot(waiting_for(success(DOT)))]
fn envelope((mut call, reply): (Call, Vec<u8>)) -> (Outcome, Vec<u8>) {
    download(&mut call, 200, &reply);
    (finish(call), reply)
}

// A throttled reply has arrived: what it means, and how long to wait.
#[library_benchmark]
#[bench::throttled(throttled())]
fn retry_decision(mut call: Call) -> (Duration, Call) {
    (decide(&mut call), call)
}

fn ready_to_send() -> (Call, BodyReader, Vec<u8>) {
    let (call, body) = sent(PICTURE);
    (call, body, buffer())
}

fn waiting_for(reply: Vec<u8>) -> (Call, Vec<u8>) {
    let (call, body) = sent(DOT);
    upload(body, &mut buffer());
    (call, reply)
}

fn throttled() -> Call {
    let (mut call, _) = waiting_for(Vec::new());
    download(&mut call, 429, THROTTLED);
    call
}

library_benchmark_group!(name = core, benchmarks = [encode, decode, decode_large, envelope, retry_decision]);

main!(library_benchmark_groups = core);
