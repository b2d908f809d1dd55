//! What one call costs its client, beside raw sockets that move the same bytes: CPU, time and memory in one run.
//!
//! `cargo xtask bench` runs it. Every peer is a process of its own and is measured from outside; so is the server.

mod c_library;
mod child;
mod peer;
mod picture;
mod plot;
mod report;
mod server;

use std::io;
use std::process::{Command, ExitCode};

use child::{Client, Cost, Service};
use peer::Setup;
use report::{Row, ScaleRow};

const USAGE: &str = "\
bench [--calls N] [--rounds N] [--plot FILE]   every peer with pictures of 64 KiB, 1, 8 and 32 MiB, up and down
bench --scale                                  every peer with 1, 16 and 64 calls at once
";

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const SIZES: [usize; 4] = [64 * KIB, MIB, 8 * MIB, 32 * MIB];
/// The size of the plot and of the budgets.
const TYPICAL: usize = 8 * MIB;

/// What a run does, from its arguments.
struct Options {
    calls: usize,
    rounds: usize,
    plot: Option<String>,
    scale: bool,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["serve", bytes] => number(bytes).and_then(server::serve),
        ["peer", name, url, bytes] => {
            number(bytes).and_then(|bytes| peer::run(name, &Setup { url: url.to_owned(), bytes }))
        }
        _ => options(&words).and_then(|options| if options.scale { scale() } else { compare(&options) }),
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
    let mut options = Options { calls: 20, rounds: 5, plot: None, scale: false };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| io::Error::other(USAGE));
        match *word {
            "--calls" => options.calls = number(value()?)?,
            "--rounds" => options.rounds = number(value()?)?,
            "--plot" => options.plot = Some((*value()?).to_owned()),
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
    program: fn() -> io::Result<Command>,
}

/// The floor is the first: the others are measured against it.
const CONTESTANTS: [Contestant; 5] = [
    Contestant { name: "raw sockets (floor)", program: || own(&["peer", "floor"]) },
    Contestant { name: "volcv on ureq", program: || own(&["peer", "ureq"]) },
    Contestant { name: "volcv on reqwest", program: || own(&["peer", "reqwest"]) },
    Contestant { name: "volcv from C", program: c_library::program },
    Contestant { name: "by hand: reqwest, serde_json", program: || own(&["peer", "by-hand"]) },
];

/// This program again, as one of its children.
fn own(words: &[&str]) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(words);
    Ok(command)
}

fn start(contestant: &Contestant, service: &Service, bytes: usize) -> io::Result<Client> {
    let mut program = (contestant.program)()?;
    program.arg(&service.url).arg(bytes.to_string());
    Client::start(program)
}

/// All sizes, all peers. The rounds of the peers alternate, so that a slower minute of the machine hits all of them.
fn compare(options: &Options) -> io::Result<()> {
    let mut rows = Vec::new();
    for bytes in SIZES {
        eprintln!("{} up and down, {} rounds of {} calls each", report::size(bytes), options.rounds, options.calls);
        let service = Service::start(own(&["serve", &bytes.to_string()])?)?;
        let clients: io::Result<Vec<Client>> =
            CONTESTANTS.iter().map(|contestant| start(contestant, &service, bytes)).collect();
        let mut clients = clients?;
        let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); clients.len()];
        for _ in 0..options.rounds {
            for (client, costs) in clients.iter_mut().zip(&mut costs) {
                client.tell(1, 1)?;
                costs.push(client.measure(options.calls, 1)?);
            }
        }
        for ((client, costs), contestant) in clients.into_iter().zip(costs).zip(&CONTESTANTS) {
            rows.push(Row { bytes, name: contestant.name, cost: median(costs), peak: client.peak()? });
            client.end()?;
        }
        service.end()?;
    }
    print!("{}", report::table(&rows, CONTESTANTS.len()));
    if let Some(path) = &options.plot {
        let typical: Vec<&Row> = rows.iter().filter(|row| row.bytes == TYPICAL).collect();
        std::fs::write(path, plot::svg(&typical))?;
        eprintln!("wrote {path}");
    }
    Ok(())
}

/// The middle of each number by itself; a round that was disturbed does not move it.
fn median(mut costs: Vec<Cost>) -> Cost {
    let middle = costs.len() / 2;
    costs.sort_by_key(|cost| cost.cpu);
    let cpu = costs[middle].cpu;
    costs.sort_by_key(|cost| cost.wall);
    Cost { cpu, wall: costs[middle].wall }
}

/// Many calls at once. Each number of calls is a process of its own, because its peak counts.
fn scale() -> io::Result<()> {
    /// The same number of calls for each row.
    const CALLS: usize = 128;
    let service = Service::start(own(&["serve", &TYPICAL.to_string()])?)?;
    let mut rows = Vec::new();
    for contestant in &CONTESTANTS {
        for at_once in [1, 16, 64] {
            let mut client = start(contestant, &service, TYPICAL)?;
            client.tell(1, at_once)?;
            let before = client.page_faults()?;
            let cost = client.measure(CALLS / at_once, at_once)?;
            let faults = (client.page_faults()? - before) / CALLS as u64;
            rows.push(ScaleRow { name: contestant.name, at_once, cost, faults, peak: client.peak()? });
            client.end()?;
        }
    }
    service.end()?;
    print!("{}", report::scale_table(&rows, TYPICAL));
    Ok(())
}
