//! What a call costs its client, beside raw sockets that move the same bytes: what a user feels, CPU, time and memory.
//!
//! `cargo xtask bench` runs it. Every peer is a process of its own and is measured from outside; so is the server.

mod c_library;
mod child;
mod peer;
mod picture;
mod plot;
mod report;
mod server;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use child::{Client, Cost, Service};
use peer::Setup;
use report::{Row, ScaleRow};

const USAGE: &str = "\
bench [--calls N] [--plot FILE] [--python FILE]
                every peer with pictures of 64 KiB, 1, 8 and 32 MiB, up and down; fails if volcv is over its budget
bench --scale [--python FILE]
                every peer with 1, 16 and 64 calls at once

--python FILE   a Python with the package volcengine: the official SDK is one of the peers
";

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const SIZES: [usize; 4] = [64 * KIB, MIB, 8 * MIB, 32 * MIB];
/// The size of the plot, of the budget for CPU and of the calls with service time.
const TYPICAL: usize = 8 * MIB;
/// The medians are those of so many rounds.
const ROUNDS: usize = 5;
/// The service needs 2 to 60 s for a picture.
const SERVICE_TIME: Duration = Duration::from_secs(3);
/// Calls with service time, of each peer.
const FELT_CALLS: usize = 3;

/// What a run does, from its arguments.
struct Options {
    calls: usize,
    plot: Option<String>,
    python: Option<String>,
    scale: bool,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["serve", bytes, millis] => number(bytes).and_then(|bytes| {
            let service_time = Duration::from_millis(number(millis)? as u64);
            server::serve(bytes, service_time)
        }),
        ["peer", name, url, bytes] => {
            number(bytes).and_then(|bytes| peer::run(name, &Setup { url: url.to_owned(), bytes }))
        }
        _ => options(&words).and_then(|options| if options.scale { scale(&options) } else { compare(&options) }),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn options(words: &[&str]) -> io::Result<Options> {
    let mut options = Options { calls: 20, plot: None, python: None, scale: false };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| io::Error::other(USAGE));
        match *word {
            "--calls" => options.calls = number(value()?)?,
            "--plot" => options.plot = Some((*value()?).to_owned()),
            "--python" => options.python = Some((*value()?).to_owned()),
            "--scale" => options.scale = true,
            _ => return Err(io::Error::other(USAGE)),
        }
    }
    Ok(options)
}

fn number(text: &str) -> io::Result<usize> {
    text.parse().map_err(|_| io::Error::other(USAGE))
}

/// A client to measure: what it is called in the table, and the program that is started with URL and bytes.
struct Contestant {
    name: &'static str,
    words: Vec<OsString>,
}

impl Contestant {
    fn new<const N: usize>(name: &'static str, words: [&OsStr; N]) -> Self {
        Self { name, words: words.map(OsStr::to_owned).into() }
    }

    fn start(&self, service: &Service, bytes: usize) -> io::Result<Client> {
        let mut program = Command::new(&self.words[0]);
        program.args(&self.words[1..]).arg(&service.url).arg(bytes.to_string());
        // cargo puts its own folders there, and a debug build of libvolcv in one of them would come first.
        Client::start(program.env_remove("LD_LIBRARY_PATH"))
    }
}

/// Where two of the peers are in the list.
const FLOOR: usize = 0;
const BY_HAND: usize = 4;

/// All peers.
fn contestants(options: &Options) -> io::Result<Vec<Contestant>> {
    let this = std::env::current_exe()?;
    let own = |name, peer: &str| Contestant::new(name, [this.as_ref(), "peer".as_ref(), peer.as_ref()]);
    let mut contestants = vec![
        own("raw sockets (floor)", "floor"),
        own("volcv on ureq", "ureq"),
        own("volcv on reqwest", "reqwest"),
        Contestant::new("volcv from C", [c_library::program()?.as_ref()]),
        own("by hand: reqwest, serde_json", "by-hand"),
    ];
    if let Some(python) = &options.python {
        let peer = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/peer.py");
        contestants.push(Contestant::new("the official Python SDK", [python.as_ref(), peer.as_ref()]));
    }
    Ok(contestants)
}

fn serve(bytes: usize, service_time: Duration) -> io::Result<Service> {
    let mut program = Command::new(std::env::current_exe()?);
    Service::start(program.arg("serve").arg(bytes.to_string()).arg(service_time.as_millis().to_string()))
}

/// All sizes, all peers; then what a user feels, and whether the budgets are kept.
fn compare(options: &Options) -> io::Result<()> {
    let contestants = contestants(options)?;
    let mut rows = Vec::new();
    for bytes in SIZES {
        rows.extend(measure(options, &contestants, bytes)?);
    }
    println!("{}", report::felt_table(&felt(&contestants)?, SERVICE_TIME, TYPICAL));
    println!("{}", report::table(&rows));
    if let Some(path) = &options.plot {
        let typical: Vec<&Row> = rows.iter().filter(|row| row.bytes == TYPICAL).collect();
        std::fs::write(path, plot::svg(&typical))?;
        eprintln!("wrote {path}");
    }
    let over = report::over_budget(&rows, TYPICAL);
    println!("Budget: {}.", report::BUDGET);
    if over.is_empty() { Ok(()) } else { Err(io::Error::other(format!("OVER BUDGET\n{}", over.join("\n")))) }
}

/// One size. The rounds of the peers alternate, so that a slower minute of the machine hits all of them.
fn measure(options: &Options, contestants: &[Contestant], bytes: usize) -> io::Result<Vec<Row>> {
    eprintln!("{} up and down, {ROUNDS} rounds of {} calls each", report::size(bytes), options.calls);
    let service = serve(bytes, Duration::ZERO)?;
    let clients: io::Result<Vec<Client>> =
        contestants.iter().map(|contestant| contestant.start(&service, bytes)).collect();
    let mut clients = clients?;
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); clients.len()];
    for _ in 0..ROUNDS {
        for (client, costs) in clients.iter_mut().zip(&mut costs) {
            client.tell(1, 1)?;
            costs.push(client.measure(options.calls, 1)?);
        }
    }
    let mut rows = Vec::new();
    for ((client, own), contestant) in clients.into_iter().zip(&costs).zip(contestants) {
        // Both are of the same round.
        let ratio_to = |other: &[Cost]| {
            let ratios = own.iter().zip(other).map(|(own, other)| own.cpu.as_secs_f64() / other.cpu.as_secs_f64());
            median(ratios.collect())
        };
        rows.push(Row {
            bytes,
            name: contestant.name,
            cpu: median(own.iter().map(|cost| cost.cpu.as_secs_f64()).collect()),
            to_floor: ratio_to(&costs[FLOOR]),
            to_by_hand: ratio_to(&costs[BY_HAND]),
            wall: median(own.iter().map(|cost| cost.wall.as_secs_f64()).collect()),
            peak: client.peak()?,
        });
        client.end()?;
    }
    service.end()?;
    Ok(rows)
}

/// The time of a call whose picture takes the service as long as a quick real one, in seconds.
fn felt(contestants: &[Contestant]) -> io::Result<Vec<(&'static str, f64)>> {
    eprintln!("{} up and down, {} s of service time", report::size(TYPICAL), SERVICE_TIME.as_secs());
    let service = serve(TYPICAL, SERVICE_TIME)?;
    let mut rows = Vec::new();
    for contestant in contestants {
        let mut client = contestant.start(&service, TYPICAL)?;
        // No call: the program has started and has its picture when it answers.
        client.tell(0, 1)?;
        let mut times = Vec::new();
        for _ in 0..FELT_CALLS {
            times.push(client.measure(1, 1)?.wall.as_secs_f64());
        }
        rows.push((contestant.name, median(times)));
        client.end()?;
    }
    service.end()?;
    Ok(rows)
}

/// The middle number: one round that was disturbed does not move it.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Many calls at once. Each number of calls is a process of its own, because its peak counts.
fn scale(options: &Options) -> io::Result<()> {
    /// The same number of calls for each row.
    const CALLS: usize = 128;
    let contestants = contestants(options)?;
    let service = serve(TYPICAL, Duration::ZERO)?;
    let mut rows = Vec::new();
    for contestant in &contestants {
        for at_once in [1, 16, 64] {
            let mut client = contestant.start(&service, TYPICAL)?;
            client.tell(1, at_once)?;
            let cpu = client.measure(CALLS / at_once, at_once)?.cpu.as_secs_f64();
            rows.push(ScaleRow { name: contestant.name, at_once, cpu, peak: client.peak()? });
            client.end()?;
        }
    }
    service.end()?;
    print!("{}", report::scale_table(&rows, TYPICAL));
    Ok(())
}
