//! Hundreds of pictures, a service that misbehaves, and processes that are killed: every picture is bought once, or honestly unknown.

use fastrand::Rng;
use volcv_emulator::{Emulator, Fault, RequestKind, TaskPace};

use super::{Bench, Drive, Judge, Recipe};

/// What may happen to a paid call, and how often among a hundred.
const OF_CALLS: [(u32, &str); 14] = [
    (69, "ok"),
    // Each of these slows all runs down.
    (2, "code=50429"),
    (1, "code=50430"),
    (1, "code=50429,retry-after=1"),
    (1, "status=503,retry-after=1"),
    (3, "close=4000"),
    (2, "reset=100000"),
    (4, "close=body"),
    (2, "reset=body"),
    (4, "code=50500"),
    (3, "status=502"),
    (3, "cut=300"),
    (2, "body=no-picture"),
    (3, "body=link-in-bytes"),
];

/// What may happen to a download, for which nothing is paid.
const OF_FILES: [(u32, &str); 4] = [(70, "ok"), (10, "close=headers"), (10, "status=500"), (10, "cut=100")];

/// What may happen to a task that is handed in.
const OF_SUBMITS: [(u32, &str); 4] = [(87, "ok"), (3, "code=50429"), (5, "close=body"), (5, "code=50500")];

/// The seed of a test: the one of `VOLCV_SEED`, or another one each time. It is printed, so that a failure shows it.
fn seed(name: &str) -> Rng {
    let seed = std::env::var("VOLCV_SEED").ok().map_or_else(|| fastrand::u64(..), |text| text.parse().unwrap());
    println!("{name}: VOLCV_SEED={seed}");
    Rng::with_seed(seed)
}

fn pick(rng: &mut Rng, table: &[(u32, &str)]) -> Fault {
    let mut place = rng.u32(0..table.iter().map(|(weight, _)| weight).sum());
    for (weight, text) in table {
        match place.checked_sub(*weight) {
            Some(rest) => place = rest,
            None => return text.parse().unwrap(),
        }
    }
    Fault::default()
}

/// An emulator for so many pictures, with faults from the seed.
fn misbehaving(bench: &Bench, pictures: usize, rng: &mut Rng) {
    for (kind, table, count) in [
        (RequestKind::Call, &OF_CALLS[..], pictures),
        (RequestKind::Submit, &OF_SUBMITS, pictures / 5),
        (RequestKind::File, &OF_FILES, pictures / 5),
    ] {
        for _ in 0..count {
            bench.emulator.push(Fault { action: Some(kind), ..pick(rng, table) });
        }
    }
}

fn torture(name: &str, recipe: &Recipe, processes: usize, kills: usize, every: u64) {
    let mut rng = seed(name);
    torture_of(name, recipe, (processes, kills, every), None, &mut rng, |_| {});
}

/// As [`torture`], with a ledger elsewhere, which something happens to at each kill.
fn torture_of(
    name: &str,
    recipe: &Recipe,
    (processes, kills, every): (usize, usize, u64),
    ledger: Option<String>,
    rng: &mut Rng,
    at_kill: impl FnMut(&mut Rng),
) {
    let emulator = Emulator::builder().task_pace(TaskPace::polls(1, 1));
    let mut bench = Bench::with(emulator, recipe, rng);
    bench.ledger = ledger;
    misbehaving(&bench, recipe.pictures, rng);
    let drive = Drive { bench: &bench, processes, kills, every, arguments: "--concurrency 4 --lease 2" };
    drive.until_done(rng, at_kill);
    let judge = Judge::new(&bench);
    judge.judge(&bench);
    if kills == 0 && recipe.large == 0 {
        judge.counts_are_equal();
    }
    println!("{name}: {:?} {:?}", judge.counts, judge.books);
}

#[test]
fn forty_pictures_of_a_process_that_is_killed_are_bought_once() {
    torture("killed", &Recipe { pictures: 40, tasks: 15, links: 15, large: 5 }, 1, 4, 10);
}

#[test]
fn the_ledger_counts_what_the_server_counts() {
    torture("counted", &Recipe { pictures: 40, tasks: 15, links: 15, large: 0 }, 1, 0, 1);
}

#[test]
#[cfg(feature = "second-ring")]
fn five_hundred_pictures_of_one_process_that_is_killed_are_bought_once() {
    torture("one of 500", &Recipe { pictures: 500, tasks: 15, links: 15, large: 3 }, 1, 15, 40);
}

#[test]
#[cfg(feature = "second-ring")]
fn five_hundred_pictures_of_four_processes_that_are_killed_are_bought_once() {
    torture("four of 500", &Recipe { pictures: 500, tasks: 15, links: 15, large: 3 }, 4, 25, 20);
}

#[test]
#[cfg(feature = "second-ring")]
fn five_hundred_pictures_of_four_processes_whose_postgresql_is_killed_too_are_bought_once() {
    use crate::postgres::{Postgres, Stop};
    let mut rng = seed("four of 500 on PostgreSQL");
    let mut server = Postgres::start("torture");
    let (url, mut kills) = (server.url(), 0);
    let recipe = Recipe { pictures: 500, tasks: 15, links: 15, large: 3 };
    torture_of("four of 500 on PostgreSQL", &recipe, (4, 20, 25), Some(url), &mut rng, |rng| {
        kills += 1;
        if kills % 4 == 0 {
            let how = rng.choice([Stop::Fast, Stop::Immediate, Stop::Kill]).unwrap();
            println!("PostgreSQL: {how:?}");
            server.stop(how);
            server.start_again();
        }
    });
}
