//! The engine behind the C functions: every job ends once and costs what it says, whatever server and host do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use volcv_emulator::{Emulator, Fault, RequestRecord, TaskPace};

use super::abuse::{RUNS, Under, built, run};
use super::{Build, compile, program, ran};

/// Faults of every kind, those with a bill and those without. The last are the most frequent.
const FAULTS: [&str; 26] = [
    "code=50429",
    "code=50430,retry-after=0",
    "code=50500",
    "code=50400",
    "code=50511",
    "status=503,retry-after=0",
    "status=502",
    "body=html",
    "body=gateway",
    "body=no-picture",
    "body=bom",
    "body=decoy",
    "body=nul",
    "close=accept",
    "reset=headers",
    "reset=40",
    "close=body",
    "reset=body",
    "stall=40,for=600",
    "stall=body,for=600",
    "stall=reply-body,for=600",
    "cut=100",
    "oversize=3000000",
    "length=+20",
    "trickle=300/1",
    "garbage",
];

/// OK, auth, refused, service, outcome unknown, decode, too large and cancelled: one fault or one hand is enough for each
/// of them, so that at least ten jobs in a thousand end so. Throttled and connect need two faults in a row, and luck.
const FREQUENT_ENDS: [i32; 8] = [0, -21, -24, -25, -28, -29, -30, -31];

/// What a job said of itself.
struct Told {
    result: i32,
    charge: u32,
    delivery: u32,
}

/// Answers for which the service does not send a bill: it refused to work.
fn is_unbilled(record: &RequestRecord) -> bool {
    let fault = record.fault.clone().unwrap_or_default();
    let refused = matches!(fault.code, Some(50429 | 50430 | 50400));
    let busy = fault.status == Some(503) && fault.retry_after.is_some();
    let gateway = fault.body.is_some_and(|kind| kind.name() == "gateway");
    refused || busy || gateway
}

/// Rounds of jobs against a server that misbehaves most of the time. The server's records are the judge of the money.
pub(crate) fn fuzz(under: Under, rounds: u32, jobs: u32) {
    let path = built("fuzz", under, Build::Full);
    let mut ends = BTreeSet::new();
    for round in 0..rounds {
        let emulator = Emulator::start().unwrap();
        let mut state = 0x9E37_79B9_u32.wrapping_mul(round + 1);
        for _ in 0..2 * jobs {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = (state >> 16) as usize % (FAULTS.len() * 2);
            emulator.push(FAULTS.get(at).map_or(Fault::default(), |text| text.parse().unwrap()));
        }
        let limit = if under.is_slow() { 2000 } else { 400 };
        let env = [("VOLCV_JOBS", jobs), ("VOLCV_FIRST_SEED", 1 + round * jobs), ("VOLCV_LIMIT", limit)];
        let output = run(&path, under, &emulator, &[], &env);
        // What clients left behind in sockets is read to its end.
        assert!(emulator.wait_idle(Duration::from_secs(20)));
        ends.extend(judge(&emulator, &output, jobs));
    }
    assert!(jobs < 1000 || FREQUENT_ENDS.iter().all(|end| ends.contains(end)), "only these ends: {ends:?}");
}

/// Holds what the jobs said against what the server saw; returns the results that occurred.
fn judge(emulator: &Emulator, output: &str, jobs: u32) -> BTreeSet<i32> {
    let told: BTreeMap<i64, Told> = output
        .lines()
        .map(|line| {
            let numbers: Vec<i64> = line.split(' ').map(|word| word.parse().unwrap()).collect();
            let number = |at: usize| u32::try_from(numbers[at]).unwrap();
            (numbers[0], Told { result: i32::try_from(numbers[1]).unwrap(), charge: number(2), delivery: number(3) })
        })
        .collect();
    assert!(told.len() > jobs as usize * 3 / 4, "{} of {jobs} jobs told of themselves", told.len());
    let mut complete: BTreeMap<i64, Vec<RequestRecord>> = BTreeMap::new();
    let records = emulator.requests();
    assert!(records.len() < 4096, "the emulator remembers all of them");
    for record in records.into_iter().filter(|record| record.body_complete) {
        let seed = record.json.as_ref().unwrap()["seed"].as_i64().unwrap();
        complete.entry(seed).or_default().push(record);
    }
    for (seed, records) in &complete {
        let bought = records.iter().filter(|record| !is_unbilled(record)).count();
        assert!(bought <= 1, "job {seed} was bought {bought} times: {records:#?}");
        if let Some(Told { charge: 0, .. }) = told.get(seed) {
            assert_eq!(bought, 0, "job {seed} says that it cost nothing: {records:#?}");
        }
    }
    for (seed, Told { result, charge, delivery }) in &told {
        let bodies = complete.get(seed).map_or(0, Vec::len);
        assert!(*result != 0 || (*charge == 2 && *delivery == 2 && bodies > 0), "job {seed} succeeded");
        assert!(*charge == 0 || *delivery == 2, "job {seed} costs something, but was not delivered");
        // A client cannot know whether what it has written was read.
        assert!(*charge < 2 || bodies > 0, "job {seed} was charged, but never arrived");
    }
    let complete_bodies: usize = complete.values().map(Vec::len).sum();
    assert_eq!(complete_bodies as u64, emulator.complete_bodies());
    told.values().map(|told| told.result).collect()
}

#[test]
fn each_of_ten_thousand_jobs_ends_once_and_is_bought_at_most_once() {
    fuzz(Under::Nothing, 5, 2000);
}

pub(crate) fn cancel_in_every_phase(under: Under, rounds: u32) {
    let path = built("cancel", under, Build::Full);
    let phases = [
        ("queued", "stall=body"),
        ("connecting", "ok"),
        ("uploading", "stall=1000"),
        ("waiting", "stall=body"),
        ("downloading", "stall=reply-body"),
        ("backoff", "code=50429,retry-after=60"),
        ("task", "ok"),
    ];
    for (phase, fault) in phases {
        let emulator = Emulator::builder().faults(vec![fault.parse().unwrap()]).repeat_last(true);
        let emulator = emulator.task_pace(TaskPace::polls(u64::MAX, 0)).start().unwrap();
        run(&path, under, &emulator, &[phase], &[("VOLCV_ROUNDS", rounds)]);
        assert!(emulator.wait_idle(Duration::from_secs(10)), "{phase}: the connection stays open");
    }
}

#[test]
fn a_job_can_be_cancelled_in_every_phase_and_says_what_it_cost() {
    cancel_in_every_phase(Under::Nothing, 3);
}

pub(crate) fn deadline(under: Under) {
    let emulator = Emulator::builder().faults(vec!["stall=body".parse().unwrap()]).repeat_last(true).start().unwrap();
    run(&built("deadline", under, Build::Full), under, &emulator, &[], &[]);
    assert_eq!(emulator.complete_bodies(), 1, "what was late was not sent");
}

#[test]
fn a_deadline_ends_a_job_that_still_waits_in_the_queue() {
    RUNS.iter().copied().for_each(deadline);
}

pub(crate) fn host_transport(under: Under) {
    for build in [Build::Full, Build::NoHttp] {
        let emulator = Emulator::start().unwrap();
        run(&built("transport", under, build), under, &emulator, &[], &[]);
        assert_eq!(emulator.connections(), 0, "the host's own HTTP does not go there");
    }
}

#[test]
fn a_host_transport_may_behave_in_any_way() {
    host_transport(Under::Nothing);
}

#[test]
fn an_idle_client_costs_no_call_no_memory_and_no_wake_up() {
    let emulator = Emulator::start().unwrap();
    let path = compile("cc", &["-std=gnu11", "-O2", "-pthread"], "tests/c/budgets.c", Build::Full);
    println!("{}", ran(program("timeout", &emulator).args(["--kill-after=5", "100"]).arg(path)));
}

#[test]
fn a_link_is_fetched_on_volcvs_http_and_on_the_hosts() {
    #[cfg_attr(not(feature = "second-ring"), allow(unused_mut, reason = "the second ring adds to it"))]
    let mut programs: Vec<_> = RUNS.iter().map(|under| (built("download", *under, Build::Full), *under)).collect();
    #[cfg(feature = "second-ring")]
    {
        let curl = super::examples::pkg_config(&["libcurl"]);
        let mut flags = vec!["-std=gnu11", "-pthread", "-DWITH_CURL"];
        flags.extend(curl.iter().map(String::as_str));
        programs.push((compile("cc", &flags, "tests/c/download.c", Build::NoHttp), Under::Nothing));
    }
    programs.iter().for_each(|(path, under)| download(path, *under));
}

pub(crate) fn download(path: &Path, under: Under) {
    let faults = [
        "ok",
        "status=503,retry-after=0",
        "body=redirect,location=1.png",
        "ok",
        "stall=reply-body",
        "stall=reply-body",
    ];
    let emulator = Emulator::builder().faults(faults.map(|fault| fault.parse().unwrap()).to_vec()).start().unwrap();
    run(path, under, &emulator, &[], &[]);
    let requests = emulator.requests();
    let told: Vec<_> = requests.iter().map(|request| (request.method.as_str(), request.status)).collect();
    // The last one is late, perhaps before it is sent.
    let get = |status| ("GET", Some(status));
    assert_eq!(told[..5], [("POST", Some(200)), get(503), get(307), get(200), get(200)]);
    for get in &requests[1..] {
        assert!(!get.has_key && get.content_length.unwrap_or(0) == 0 && !get.chunked, "{get:#?}");
    }
}

pub(crate) fn rejected(under: Under) {
    let faults = ["body=cut-picture", "body=cut-picture", "body=one-of-two-cut", "code=50412"];
    let emulator = Emulator::builder().faults(faults.map(|fault| fault.parse().unwrap()).to_vec()).start().unwrap();
    run(&built("rejected", under, Build::Full), under, &emulator, &[], &[]);
    assert_eq!(emulator.complete_bodies(), 4, "nothing is bought twice");
}

#[test]
fn a_picture_that_fails_a_check_is_handed_over_to_c() {
    RUNS.iter().copied().for_each(rejected);
}

pub(crate) fn texture(under: Under) {
    let mut faults = vec!["ok", "ok", "stall=body", "stall=body", "ok", "ok", "ok", "ok", "ok"];
    // Two pictures that come as links, and two whose links cannot be fetched at first.
    faults.extend(["ok", "ok", "ok", "ok"]);
    (0..2).for_each(|_| faults.extend(["ok", "status=404", "status=404", "status=404", "status=404", "ok"]));
    let emulator = Emulator::builder().faults(faults.iter().map(|fault| fault.parse().unwrap()).collect());
    let emulator = emulator.start().unwrap();
    run(&built("texture", under, Build::Full), under, &emulator, &[], &[]);
    let requests = emulator.requests();
    let calls: Vec<_> = requests.iter().filter(|request| request.method == "POST").collect();
    assert_eq!((requests.len(), calls.len()), (25, 13));
    // The two that stall are cancelled as soon as volcv has handed out their last byte, which may not have arrived.
    let stalled = |call: &RequestRecord| call.fault.as_ref().is_some_and(|fault| fault.stall.is_some());
    assert_eq!(calls.iter().filter(|call| stalled(call)).count(), 2);
    assert!(calls.iter().all(|call| call.body_complete || stalled(call)));
}

#[test]
fn a_texture_goes_in_and_comes_out_in_any_layout_with_its_pixels_untouched() {
    texture(Under::Nothing);
}

#[cfg(feature = "second-ring")]
#[test]
fn the_thread_of_a_game_neither_allocates_nor_frees_a_picture_of_a_whole_operation() {
    let emulator = Emulator::start().unwrap();
    let path = compile("cc", &["-std=gnu11", "-O2", "-pthread"], "tests/c/frames.c", Build::Full);
    println!("{}", run(&path, Under::Nothing, &emulator, &[], &[("VOLCV_JOBS", 3)]));
}
