//! One table of what a gateway can do, run over ureq, reqwest, scripts of what ureq saw, and the C library: what the
//! caller gets, and what was bought.

use std::time::{Duration, Instant};

use volcv::core::types::Charge;
use volcv::{AttemptRecord, CallOptions, ClientBuilder, Error, ErrorKind, Outcome, Outpaint, Picture, RetryPolicy};
use volcv_emulator::{Emulator, Fault};

use crate::ear::{find_key, listen};
use crate::recorder::Recorder;
use crate::support::{AnyClient, TRANSPORTS, block_on, builder, large, large_bytes, small, small_bytes};

/// One row: the gateway's behaviour, one fault for each request, and what must come of it.
struct Row {
    faults: &'static [&'static str],
    /// A request of megabytes instead of one that fits into a socket buffer.
    large: bool,
    setup: Setup,
    /// The kind of error, whether it may have been charged, and the service's code; a picture if `None`.
    error: Option<(ErrorKind, Charge, &'static str)>,
    attempts: usize,
    /// Complete request bodies at the gateway.
    bodies: u64,
}

/// How a row's client differs from the default.
#[derive(Clone, Copy, Default)]
pub(crate) struct Setup {
    pub(crate) stall_limit: Option<Duration>,
    pub(crate) attempt_limit: Option<Duration>,
    pub(crate) reply_limit: Option<u64>,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) charge_limit: Option<u32>,
}

/// The shortest limit that a loaded machine still keeps.
const SHORT: Duration = Duration::from_millis(300);

const PLAIN: Setup =
    Setup { stall_limit: None, attempt_limit: None, reply_limit: None, max_attempts: None, charge_limit: None };
const SHORT_STALL: Setup = Setup { stall_limit: Some(SHORT), max_attempts: Some(2), ..PLAIN };
const SHORT_ATTEMPT: Setup = Setup { attempt_limit: Some(SHORT), max_attempts: Some(2), ..PLAIN };
const SMALL_REPLY: Setup = Setup { reply_limit: Some(100_000), ..PLAIN };
const THREE_CHARGES: Setup = Setup { charge_limit: Some(3), ..PLAIN };

impl Setup {
    fn apply(self, mut builder: ClientBuilder) -> ClientBuilder {
        builder = self.stall_limit.into_iter().fold(builder, ClientBuilder::stall_limit);
        builder = self.attempt_limit.into_iter().fold(builder, ClientBuilder::attempt_limit);
        builder = self.reply_limit.into_iter().fold(builder, ClientBuilder::reply_limit);
        builder = self.max_attempts.into_iter().fold(builder, ClientBuilder::max_attempts);
        self.charge_limit.into_iter().fold(builder, ClientBuilder::charge_limit)
    }
}

fn good(faults: &'static [&'static str], attempts: usize) -> Row {
    Row { faults, large: false, setup: PLAIN, error: None, attempts, bodies: attempts as u64 }
}

fn bad(fault: &'static [&'static str], kind: ErrorKind, charge: Charge, code: &'static str) -> Row {
    Row { faults: fault, large: false, setup: PLAIN, error: Some((kind, charge, code)), attempts: 1, bodies: 1 }
}

#[rustfmt::skip]
fn replies() -> Vec<Row> {
    use Charge::{None as Free, Unknown};
    use ErrorKind as K;
    vec![
        // Good and odd replies: a picture.
        good(&["ok"], 1),
        good(&["body=result-success"], 1),
        good(&["body=both-arrays"], 1),
        good(&["body=string-picture"], 1),
        good(&["body=escaped"], 1),
        good(&["body=data-uri"], 1),
        good(&["body=unpadded"], 1),
        good(&["body=wrapped"], 1),
        good(&["body=bom"], 1),
        good(&["body=decoy"], 1),
        good(&["body=bad-utf8"], 1),
        good(&["chunked"], 1),
        good(&["close-delimited"], 1),
        good(&["trickle=4000/1"], 1),
        // A success, whatever else it says, wherever its picture stands and however it is spelled.
        Row { setup: THREE_CHARGES, ..good(&["body=empty-errors"], 1) },
        Row { setup: THREE_CHARGES, ..good(&["body=error-beside"], 1) },
        Row { setup: THREE_CHARGES, ..good(&["body=one-of-two-cut"], 1) },
        Row { large: true, ..good(&["body=data-uri-link"], 1) },
        good(&["body=data-uri-link,chunked"], 1),
        Row { large: true, ..good(&["body=base64-link"], 1) },
        good(&["body=url-safe"], 1),
        Row { large: true, ..good(&["body=url-safe"], 1) },
        good(&["body=url-safe-padded"], 1),
        good(&["body=raw-wrapped"], 1),
        good(&["body=numbers"], 1),
        good(&["body=lone-surrogate"], 1),
        good(&["body=raw-control"], 1),
        good(&["body=latin1"], 1),
        good(&["body=gbk"], 1),
        good(&["body=numeric-id"], 1),
        good(&["body=comment-before"], 1),
        good(&["body=nul-behind"], 1),
        // The error bodies.
        bad(&["code=50411"], K::Refused, Free, "50411"),
        bad(&["code=50412"], K::Refused, Free, "50412"),
        bad(&["code=50412,status=200"], K::Refused, Free, "50412"),
        bad(&["code=50413,body=cv-empty-data"], K::Refused, Free, "50413"),
        bad(&["code=50511"], K::Refused, Unknown, "50511"),
        bad(&["code=50519"], K::Refused, Unknown, "50519"),
        bad(&["code=50204"], K::InvalidInput, Free, "50204"),
        bad(&["code=50400"], K::Auth, Free, "50400"),
        bad(&["code=50500"], K::Service, Unknown, "50500"),
        bad(&["code=50501,status=200"], K::Service, Unknown, "50501"),
        bad(&["body=top"], K::Auth, Free, "100010"),
        bad(&["body=top-cv-code,code=50215"], K::InvalidInput, Free, "50215"),
        bad(&["body=result-error,code=50411"], K::Refused, Free, "50411"),
        bad(&["body=gateway"], K::Auth, Free, ""),
        bad(&["body=gateway,status=200"], K::Auth, Free, ""),
        bad(&["body=gateway-quota"], K::Quota, Free, "insufficient_user_quota"),
        bad(&["body=upstream-text,code=50412"], K::Refused, Free, "50412"),
        bad(&["body=upstream-object,code=50500"], K::Service, Unknown, "50500"),
        bad(&["body=upstream-empty"], K::Service, Unknown, "upstream_error"),
        bad(&["body=success-false"], K::Auth, Free, ""),
        bad(&["body=html"], K::Service, Unknown, ""),
        bad(&["body=empty"], K::Service, Unknown, ""),
        bad(&["body=control-chars,code=50412"], K::Refused, Free, "50412"),
        bad(&["body=nul,code=50412"], K::Refused, Free, "50412"),
        bad(&["body=redirect"], K::Service, Free, ""),
        bad(&["status=400"], K::InvalidInput, Free, ""),
        bad(&["status=403"], K::Auth, Free, ""),
        bad(&["status=404"], K::Config, Free, ""),
        bad(&["status=413"], K::InvalidInput, Free, ""),
        bad(&["status=500"], K::Service, Unknown, ""),
        bad(&["status=502"], K::Service, Unknown, ""),
        bad(&["status=504"], K::Service, Unknown, ""),
        bad(&["status=503"], K::Service, Unknown, ""),
    ]
}

#[rustfmt::skip]
fn unusable_and_throttled() -> Vec<Row> {
    use Charge::{Charged, None as Free};
    use ErrorKind as K;
    vec![
        // A success that cannot be used.
        bad(&["body=html,status=200"], K::Decode, Charged, ""),
        bad(&["body=empty,status=200"], K::Decode, Charged, ""),
        bad(&["body=no-picture"], K::Decode, Charged, ""),
        bad(&["body=null-arrays"], K::Decode, Charged, ""),
        bad(&["body=gzip"], K::Decode, Charged, ""),
        bad(&["body=deep"], K::Decode, Charged, ""),
        Row { setup: THREE_CHARGES, ..bad(&["body=cut-picture"], K::Decode, Charged, "") },
        Row { setup: THREE_CHARGES, ..bad(&["body=text-behind"], K::Decode, Charged, "") },
        Row { setup: THREE_CHARGES, ..bad(&["body=two-documents"], K::Decode, Charged, "") },
        bad(&["cut=200"], K::Decode, Charged, ""),
        bad(&["cut=200,chunked"], K::Decode, Charged, ""),
        bad(&["cut=200,close-delimited"], K::Decode, Charged, ""),
        bad(&["length=+50"], K::Decode, Charged, ""),
        bad(&["length=-50"], K::Decode, Charged, ""),
        Row { setup: SMALL_REPLY, ..bad(&["oversize=200000"], K::ResponseTooLarge, Charged, "") },
        Row { setup: SMALL_REPLY, ..bad(&["oversize=200000,chunked"], K::ResponseTooLarge, Charged, "") },
        Row { setup: SHORT_STALL, ..bad(&["stall=reply-body"], K::Decode, Charged, "") },
        // Throttled or busy: sent again, nothing bought before.
        Row { bodies: 2, ..good(&["code=50429"], 2) },
        Row { bodies: 2, ..good(&["code=50430,status=200"], 2) },
        Row { bodies: 2, ..good(&["status=429,retry-after=1"], 2) },
        Row { bodies: 2, ..good(&["status=503,retry-after=0"], 2) },
        Row { bodies: 2, ..good(&["body=upstream-text,code=50429"], 2) },
        Row { attempts: 4, bodies: 4, ..bad(&["code=50429", "code=50429", "code=50429", "code=50429"], K::Throttled, Free, "50429") },
        bad(&["status=429,retry-after=86400"], K::Throttled, Free, ""),
    ]
}

#[rustfmt::skip]
fn connections() -> Vec<Row> {
    use Charge::{Charged, None as Free, Unknown};
    use ErrorKind as K;
    let upload = |faults, attempts| Row { faults, large: true, setup: PLAIN, error: None, attempts, bodies: 1 };
    vec![
        // Dropped before or in the middle of the upload: sent again and bought once.
        upload(&["close=headers"], 2),
        upload(&["reset=headers"], 2),
        upload(&["close=65536", "reset=300000"], 3),
        Row { setup: SHORT_STALL, ..upload(&["stall=headers"], 2) },
        Row { setup: SHORT_STALL, ..upload(&["stall=100000"], 2) },
        // An answer that comes before the whole request: it counts, and nothing was bought.
        Row { large: true, bodies: 0, ..bad(&["status=413,early=close"], K::InvalidInput, Free, "") },
        Row { attempts: 2, ..upload(&["status=502,early=close"], 2) },
        // The whole request was read, and then nothing came back: never sent again.
        bad(&["close=body"], K::OutcomeUnknown, Unknown, ""),
        bad(&["reset=body"], K::OutcomeUnknown, Unknown, ""),
        bad(&["garbage"], K::OutcomeUnknown, Unknown, ""),
        bad(&["endless-headers"], K::OutcomeUnknown, Unknown, ""),
        Row { setup: SHORT_ATTEMPT, ..bad(&["stall=body"], K::OutcomeUnknown, Unknown, "") },
        Row { setup: SHORT_ATTEMPT, ..bad(&["stall=reply-head"], K::OutcomeUnknown, Unknown, "") },
        Row { large: true, ..bad(&["close=body"], K::OutcomeUnknown, Unknown, "") },
        // Unless the caller allows more charges.
        Row { setup: THREE_CHARGES, bodies: 3, ..good(&["close=body", "status=502"], 3) },
        Row { setup: THREE_CHARGES, attempts: 3, bodies: 3, ..bad(&["close=body", "close=body", "close=body", "close=body"], K::OutcomeUnknown, Unknown, "") },
        // Silence while the picture is made is normal, also beyond the stall limit.
        Row { setup: SHORT_STALL, ..good(&["delay=900"], 1) },
        // A reply that is cut has been charged; one that was cut behind a failure has not.
        bad(&["cut=50"], K::Decode, Charged, ""),
        bad(&["code=50412,length=+9"], K::Refused, Free, "50412"),
    ]
}

#[test]
fn every_reply_means_the_same_on_both_transports_and_the_c_library() {
    run(&replies());
    run(&unusable_and_throttled());
}

#[test]
fn every_broken_connection_means_the_same_on_both_transports_and_the_c_library() {
    run(&connections());
}

fn run(rows: &[Row]) {
    let mut failures = Vec::new();
    for row in rows {
        let mut logs = Vec::new();
        for transport in TRANSPORTS {
            match check(row, transport) {
                Ok(log) => logs.push(log),
                Err(why) => failures.push(format!("{transport} {:?}: {why}", row.faults)),
            }
        }
        if logs.len() == 2 && logs[0] != logs[1] {
            failures.push(format!("{:?}: the transports differ: {logs:?}", row.faults));
        }
        if let Err(why) = check_c(row) {
            failures.push(format!("c {:?}: {why}", row.faults));
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// Runs one row on the C library: the same end, by other names.
fn check_c(row: &Row) -> Result<(), String> {
    let emulator = Emulator::start().unwrap();
    row.faults.iter().for_each(|fault| emulator.push(fault.parse().unwrap()));
    let picture = if row.large { large_bytes() } else { small_bytes() };
    let end = crate::c::run::outpaint(&emulator.base_url(), &[], row.setup, picture);
    let (result, charge, code) = match row.error {
        None => ("VOLCV_OK".to_owned(), Charge::Charged, String::new()),
        Some((kind, charge, code)) => (format!("VOLCV_E_{}", kind.as_str().to_uppercase()), charge, code.to_owned()),
    };
    // Codes that are names only stand in the message.
    let number = code.parse().unwrap_or(0);
    let size = row.error.is_none().then_some(if row.large { (256, 179) } else { (144, 96) });
    let expected = format!("{result} {charge} {number} {} {size:?} {}", row.attempts, row.bodies);
    let charge = [Charge::None, Charge::Unknown, Charge::Charged][end.error.charge as usize];
    let charge = if row.error.is_none() { Charge::Charged } else { charge };
    let (name, error) = (&end.name, &end.error);
    let bodies = emulator.complete_bodies();
    let got = format!("{name} {charge} {} {} {:?} {bodies}", error.service_code, error.attempts, end.size);
    if got == expected { Ok(()) } else { Err(format!("got {got}, expected {expected}; {}", end.message)) }
}

/// Runs one row; gives the log of its attempts.
fn check(row: &Row, transport: &str) -> Result<String, String> {
    let emulator = Emulator::start().unwrap();
    for fault in row.faults {
        emulator.push(fault.parse::<Fault>().map_err(|error| error.to_string())?);
    }
    let mut quick = RetryPolicy::default();
    quick.base = Duration::from_millis(10);
    let setup = || row.setup.apply(builder(&emulator).retry(quick.clone()));
    let recorder = Recorder::default();
    let client = match transport {
        "ureq" => {
            listen();
            AnyClient::Ureq(setup().transport(recorder.clone()).unwrap())
        }
        _ => AnyClient::new(transport, setup()),
    };
    let picture: Picture = if row.large { large() } else { small() };
    let outpaint = Outpaint::equal(picture, 0.25).seed(5).max_width(256).max_height(256);
    let started = Instant::now();
    let result = client.outpaint(&outpaint, &CallOptions::new());
    let log = log(&result);
    let want = |what: &str, got: String, expected: String| {
        if got == expected { Ok(()) } else { Err(format!("{what} is {got}, expected {expected}; {result:?}")) }
    };
    if let Some(key) =
        find_key(&format!("{result:?} {}", result.as_ref().err().map(ToString::to_string).unwrap_or_default()))
    {
        return Err(format!("a result shows {key}"));
    }
    match (&result, row.error) {
        (Ok(outcome), None) => {
            let bytes = outcome.picture().ok_or("no picture")?;
            let size = image::load_from_memory(bytes).map_err(|error| error.to_string())?;
            let expected = if row.large { (256, 179) } else { (144, 96) };
            want("size", format!("{:?}", (size.width(), size.height())), format!("{expected:?}"))?;
        }
        (Err(error), Some((kind, charge, code))) => {
            want("kind", error.kind().to_string(), kind.to_string())?;
            want("charge", error.charge().to_string(), charge.to_string())?;
            want("code", error.service_code().map(ToString::to_string).unwrap_or_default(), code.to_owned())?;
            if error.to_string().chars().any(char::is_control) {
                return Err(format!("control characters in {error:?}"));
            }
        }
        _ => return Err(format!("unexpected {result:?}")),
    }
    want("attempts", attempts(&result).to_string(), row.attempts.to_string())?;
    want("bodies", emulator.complete_bodies().to_string(), row.bodies.to_string())?;
    if let Some(request) =
        emulator.requests().iter().find(|request| request.chunked || request.content_length.is_none())
    {
        return Err(format!("a request without its length: {request:?}"));
    }
    if started.elapsed() > Duration::from_secs(20) {
        return Err(format!("it took {:?}", started.elapsed()));
    }
    if transport == "ureq" {
        // What the wire did, played again without one: both drivers come to the same decisions.
        let script = || recorder.script(records(&result));
        let blocking = setup().transport(script()).unwrap().outpaint(&outpaint);
        want("the scripted log", self::log(&blocking), log.clone())?;
        let asynchronous = setup().async_transport(script()).unwrap();
        want("the scripted async log", self::log(&block_on(asynchronous.outpaint(&outpaint))), log.clone())?;
    }
    Ok(log)
}

fn attempts(result: &Result<Outcome, Error>) -> usize {
    records(result).len()
}

fn records(result: &Result<Outcome, Error>) -> &[AttemptRecord] {
    result.as_ref().map_or_else(Error::attempts, |outcome| &outcome.attempts)
}

/// What both transports must agree on: kinds, statuses, codes and charges, but not bytes and times.
fn log(result: &Result<Outcome, Error>) -> String {
    let line = |a: &AttemptRecord| {
        format!("{:?} {:?} {:?} {} full={}", a.error, a.status, a.code, a.charge, a.delivery.is_full())
    };
    records(result).iter().map(line).collect::<Vec<_>>().join("; ")
}

#[test]
fn an_answer_before_the_whole_request_is_heard_although_the_server_goes_on_reading() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        emulator.push("status=401,early=keep".parse().unwrap());
        let client = AnyClient::new(transport, builder(&emulator));
        let error = client.outpaint(&Outpaint::equal(large(), 0.25), &CallOptions::new()).unwrap_err();
        // How much of the body still leaves is a matter of buffers.
        assert_eq!((error.kind(), error.charge(), error.attempts().len()), (ErrorKind::Auth, Charge::None, 1));
    }
}

#[test]
fn refused_connections_and_unknown_hosts_are_tried_again_and_bought_nothing() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for transport in TRANSPORTS {
        for base in [format!("http://127.0.0.1:{port}"), "https://no-such-host.invalid".to_owned()] {
            let mut policy = RetryPolicy::default();
            policy.max_attempts = 2;
            policy.base = Duration::from_millis(1);
            let client = AnyClient::new(transport, ClientBuilder::new(&*base, "key").retry(policy));
            let error = client.outpaint(&Outpaint::equal(small(), 0.5), &CallOptions::new()).unwrap_err();
            assert_eq!(
                (error.kind(), error.charge(), error.attempts().len()),
                (ErrorKind::Connect, Charge::None, 2),
                "{error}"
            );
            assert!(error.is_retryable());
        }
    }
}

#[test]
fn a_connection_closed_while_idle_costs_neither_an_error_nor_a_second_charge() {
    for transport in TRANSPORTS {
        let emulator = Emulator::start().unwrap();
        let client = AnyClient::new(transport, builder(&emulator));
        let outpaint = Outpaint::equal(small(), 0.25);
        client.outpaint(&outpaint, &CallOptions::new()).unwrap();
        client.outpaint(&outpaint, &CallOptions::new()).unwrap();
        assert_eq!(emulator.connections(), 1, "{transport} keeps a fresh connection");
        // An answer that closes its connection leaves none to reuse.
        emulator.push("close-delimited".parse().unwrap());
        for _ in 0..2 {
            let outcome = client.outpaint(&outpaint, &CallOptions::new()).unwrap();
            assert_eq!(outcome.attempts.len(), 1, "{transport}");
        }
        assert_eq!((emulator.charges(), emulator.connections()), (4, 2), "{transport}");
    }
}

#[test]
fn a_connection_that_was_idle_for_ten_seconds_is_not_used_again() {
    // Real time, because the pools of both HTTP libraries have their own clocks.
    std::thread::scope(|scope| {
        for transport in TRANSPORTS {
            scope.spawn(move || {
                let emulator = Emulator::start().unwrap();
                let client = AnyClient::new(transport, builder(&emulator));
                for pause in [0, 10_500] {
                    std::thread::sleep(Duration::from_millis(pause));
                    client.outpaint(&Outpaint::equal(small(), 0.25), &CallOptions::new()).unwrap();
                }
                assert_eq!(emulator.connections(), 2, "{transport}");
            });
        }
    });
}
