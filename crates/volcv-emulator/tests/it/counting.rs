//! Connections, bodies and charges are counted exactly.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use volcv_emulator::{Early, Emulator, Fault, Stage};

use crate::support::{TARGET, ask, connect, head, post, read_to_end, request, with};

#[test]
fn resends_are_counted_under_one_digest() {
    let emulator = Emulator::start().unwrap();
    emulator.push(Fault::code(50500));
    for _ in 0..2 {
        ask(&emulator, &request());
    }
    ask(&emulator, &with("seed", 8.into()));
    assert_eq!((emulator.charges(), emulator.complete_bodies()), (3, 3));
    let mut counts: Vec<u64> = emulator.complete_bodies_per_call().into_values().collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 2]);
    let digests: Vec<_> = emulator.requests().into_iter().map(|record| record.body_digest.unwrap()).collect();
    assert!(digests[0] == digests[1] && digests[1] != digests[2]);
}

#[test]
fn a_body_counts_only_when_its_last_byte_has_come() {
    let emulator = Emulator::start().unwrap();
    let body = request().to_string();
    for missing in [1, body.len()] {
        let mut stream = connect(&emulator);
        stream.write_all((head(TARGET, body.len(), "") + &body[missing..]).as_bytes()).unwrap();
        drop(stream);
    }
    assert!(emulator.wait_idle(Duration::from_secs(5)));
    assert_eq!((emulator.charges(), emulator.complete_bodies()), (0, 0));
    let mut received: Vec<_> = emulator.requests().iter().map(|r| (r.body_received, r.body_complete)).collect();
    received.sort_unstable();
    assert_eq!(received, [(0, false), (body.len() as u64 - 1, false)]);
}

#[test]
fn dropped_connections_are_counted_by_what_arrived() {
    for (fault, charges) in [
        (Fault::close(Stage::Accept), 0),
        (Fault::close(Stage::Headers), 0),
        (Fault::close(Stage::Bytes(10)), 0),
        (Fault::close(Stage::Body), 1),
        (Fault::close(Stage::Bytes(1 << 40)), 1),
        (Fault::reset(Stage::Bytes(10)), 0),
        (Fault::reset(Stage::Body), 1),
        ("stall=5,for=1,close=10".parse().unwrap(), 0),
    ] {
        let emulator = Emulator::start().unwrap();
        emulator.push(fault.clone());
        let mut stream = connect(&emulator);
        let text = request().to_string();
        // The connection may be gone before everything is written.
        let _ = stream.write_all((head(TARGET, text.len(), "") + &text).as_bytes());
        let (bytes, failed) = read_to_end(&mut stream);
        assert!(bytes.is_empty(), "{fault}");
        if fault.hang_up.unwrap().reset {
            assert!(failed, "{fault}");
        }
        assert_eq!(emulator.open_connections(), 0, "{fault}");
        assert_eq!((emulator.charges(), emulator.complete_bodies()), (charges, charges), "{fault}");
        if fault.hang_up.unwrap().stage == Stage::Bytes(10) {
            assert_eq!(emulator.requests()[0].body_received, 10);
        }
    }
}

#[test]
fn early_answers_keep_the_count_right() {
    let emulator = Emulator::start().unwrap();
    emulator.push(Fault { early: Some(Early::Keep), ..Fault::code(50429) });
    let mut stream = connect(&emulator);
    for status in [429, 200] {
        post(&mut stream, &request());
        assert_eq!(crate::support::read(&mut stream).status, status);
    }
    assert_eq!(emulator.charges(), 2);
    emulator.push(Fault { early: Some(Early::Close), ..Fault::status(503) });
    assert_eq!(ask(&emulator, &request()).status, 503);
    assert_eq!(emulator.charges(), 2);
    assert!(!emulator.requests()[2].body_complete);
}

#[test]
fn concurrent_connections_are_all_counted() {
    let emulator = Emulator::start().unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..4).for_each(|_| assert_eq!(ask(&emulator, &request()).status, 200)));
        }
    });
    assert_eq!((emulator.charges(), emulator.connections()), (32, 32));
    assert!(emulator.wait_idle(Duration::from_secs(5)));
    let mut ids: Vec<_> = emulator.requests().into_iter().map(|record| record.request_id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 32);
}

#[test]
fn a_client_that_leaves_a_stall_is_noticed() {
    for stage in [Stage::Accept, Stage::Headers, Stage::Bytes(5), Stage::Body, Stage::ReplyHead, Stage::ReplyBody] {
        let emulator = Emulator::start().unwrap();
        emulator.push(Fault::stall(stage));
        let mut stream = connect(&emulator);
        post(&mut stream, &request());
        thread::sleep(Duration::from_millis(50));
        assert_eq!(emulator.open_connections(), 1, "{stage}");
        assert!(!emulator.wait_idle(Duration::from_millis(20)), "{stage}");
        drop(stream);
        assert!(emulator.wait_idle(Duration::from_secs(2)), "{stage}");
    }
}

#[test]
fn a_stalled_server_stops_at_once() {
    let emulator = Emulator::builder()
        .faults(vec![Fault::stall(Stage::Accept), Fault::stall(Stage::Headers), Fault::stall(Stage::Body)])
        .start()
        .unwrap();
    let mut streams: Vec<_> = (0..3).map(|_| connect(&emulator)).collect();
    streams.iter_mut().for_each(|stream| post(stream, &request()));
    // One more that is silent, and one that never reads what it is sent.
    streams.push(connect(&emulator));
    emulator.push(Fault { endless_headers: true, ..Fault::default() });
    streams.push(connect(&emulator));
    post(streams.last_mut().unwrap(), &request());
    thread::sleep(Duration::from_millis(100));
    let started = Instant::now();
    drop(emulator);
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
}
