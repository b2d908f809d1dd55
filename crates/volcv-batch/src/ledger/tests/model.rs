//! Random operations of several runs, on the ledger and on a simple model of it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;

const ITEMS: usize = 4;
const RUNS: usize = 3;
/// The runs 0 and 1 share a store.
const STORES: [&str; RUNS] = ["a", "a", "b"];
/// Long, so that the time that the test takes is nothing.
const LONG: u64 = 100_000;

#[derive(Debug, Clone)]
enum Step {
    Start(usize),
    Beat(usize),
    EndRun(usize),
    Claim(usize, u32),
    Begin(usize, usize),
    End(usize, usize, Charge, u8),
    Finish(usize, usize, State, Option<Charge>, bool),
    Recover(usize),
    Retry(State),
    /// Parts of a lease.
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Most of the time an item that the run has taken.
    let (run, item) = (0..RUNS, 0..4 * ITEMS);
    let charge = prop_oneof![Just(Charge::None), Just(Charge::Unknown), Just(Charge::Charged)];
    let ends = prop_oneof![
        1 => Just(State::Done), 1 => Just(State::Failed), 1 => Just(State::Refused), 1 => Just(State::Unknown),
        3 => Just(State::Planned), 2 => Just(State::Paid)
    ];
    let taken = prop_oneof![Just(State::Failed), Just(State::Refused), Just(State::Unknown)];
    let step = prop_oneof![
        2 => run.clone().prop_map(Step::Start),
        1 => run.clone().prop_map(Step::Beat),
        1 => run.clone().prop_map(Step::EndRun),
        4 => (run.clone(), 1..4_u32).prop_map(|(run, limit)| Step::Claim(run, limit)),
        8 => (run.clone(), item.clone()).prop_map(|(run, item)| Step::Begin(run, item)),
        8 => (run.clone(), item.clone(), charge.clone(), 0..3_u8)
            .prop_map(|(run, item, charge, kept)| Step::End(run, item, charge, kept)),
        6 => (run.clone(), item, ends, prop::option::weighted(0.3, charge), prop::bool::weighted(0.2))
            .prop_map(|(run, item, state, settled, forget)| Step::Finish(run, item, state, settled, forget)),
        1 => (0..ITEMS).prop_map(Step::Recover),
        1 => taken.prop_map(Step::Retry),
        2 => (1..3_u64).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 10..80)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Nothing,
    Small,
    FileOf(usize),
}

#[derive(Debug, Clone)]
struct Try {
    run: i64,
    open: bool,
    charge: Charge,
    in_doubt: bool,
    kept: Kind,
    forgiven: bool,
}

impl Try {
    fn answered(&self) -> bool {
        self.kept != Kind::Nothing && self.charge != Charge::None && !self.forgiven
    }
}

struct Thing {
    state: State,
    /// The id of the last run that took it, and whether its verdict is still out.
    last: Option<(i64, bool)>,
    tries: Vec<Try>,
}

impl Thing {
    /// The rule in words: the newest attempt that matters decides.
    fn at_rest(&self) -> State {
        let matters = |one: &&Try| one.answered() || (one.charge != Charge::None && !one.forgiven);
        match self.tries.iter().rev().find(matters) {
            Some(newest) if newest.answered() => State::Paid,
            Some(_) => State::Unknown,
            None => State::Planned,
        }
    }

    fn is_held(&self) -> bool {
        matches!(self.state, State::Claimed | State::Sending)
    }

    fn close(&mut self) {
        for one in self.tries.iter_mut().filter(|one| one.open) {
            one.open = false;
            one.in_doubt = true;
        }
    }
}

struct Model {
    things: Vec<Thing>,
    /// The current id of each run, and when its lease passes, by id.
    runs: [NewRun; RUNS],
    alive: BTreeMap<i64, u64>,
    clock: u64,
}

impl Model {
    fn new() -> Self {
        let thing = |_| Thing { state: State::Planned, last: None, tries: Vec::new() };
        let runs = STORES.map(|store| NewRun { lease: Duration::from_secs(LONG), ..run(store) });
        Model { things: (0..ITEMS).map(thing).collect(), runs, alive: BTreeMap::new(), clock: 0 }
    }

    fn end(&mut self, id: i64) {
        self.alive.remove(&id);
        for thing in
            self.things.iter_mut().filter(|thing| thing.is_held() && thing.last.is_some_and(|last| last.0 == id))
        {
            thing.close();
            thing.state = thing.at_rest();
        }
    }

    fn sweep(&mut self) {
        let passed: Vec<i64> =
            self.alive.iter().filter(|(_, until)| **until <= self.clock).map(|(id, _)| *id).collect();
        passed.into_iter().for_each(|id| self.end(id));
    }

    /// A number below `ITEMS` is any item, a larger one an item that the run took last, if there is one.
    fn pick(&self, run: usize, item: usize) -> usize {
        let id = self.runs[run].id;
        let taken: Vec<usize> = (0..ITEMS).filter(|i| self.things[*i].last.is_some_and(|last| last.0 == id)).collect();
        if item < ITEMS || taken.is_empty() { item % ITEMS } else { taken[item % taken.len()] }
    }

    fn is_alive(&self, run: usize) -> bool {
        self.alive.contains_key(&self.runs[run].id)
    }

    /// The items that a claim gives, in its order.
    fn claim(&mut self, run: usize, limit: u32) -> Vec<u64> {
        let readable = |thing: &Thing| {
            let files: Vec<_> = thing.tries.iter().filter(|one| one.answered()).map(|one| one.kept).collect();
            files
                .iter()
                .find_map(|kept| if let Kind::FileOf(of) = kept { Some(STORES[*of]) } else { None })
                .is_none_or(|store| store == STORES[run])
        };
        let paid = (0..ITEMS).filter(|i| self.things[*i].state == State::Paid && readable(&self.things[*i]));
        let planned = (0..ITEMS).filter(|i| self.things[*i].state == State::Planned);
        let taken: Vec<usize> = paid.chain(planned).take(limit as usize).collect();
        for i in &taken {
            self.things[*i].state = State::Claimed;
            self.things[*i].last = Some((self.runs[run].id, true));
        }
        taken.into_iter().map(|i| i as u64).collect()
    }

    fn spending(&self) -> (u64, u64, u64) {
        let all = || self.things.iter().flat_map(|thing| &thing.tries);
        let number = |of: Charge| all().filter(|one| one.charge == of).count() as u64;
        (number(Charge::Charged), number(Charge::Unknown), all().filter(|one| one.in_doubt).count() as u64)
    }
}

/// One step on both; what the ledger answers has to be what the model says.
async fn step(bench: &Bench, model: &mut Model, step: &Step) {
    let ledger = &bench.ledger;
    match *step {
        Step::Start(run) => {
            if !model.is_alive(run) {
                model.runs[run].id = fastrand::i64(1..);
            }
            ledger.start_run(&model.runs[run]).await.unwrap();
            let until = model.clock + 4;
            model.alive.entry(model.runs[run].id).or_insert(until);
            model.sweep();
        }
        Step::Beat(run) => {
            let beat = ledger.beat(&model.runs[run], true).await.unwrap();
            assert_eq!(beat.is_some(), model.is_alive(run), "{beat:?}");
            if model.is_alive(run) {
                model.alive.insert(model.runs[run].id, model.clock + 4);
                model.sweep();
                assert_eq!(ledger.activity().await.unwrap().runs.len(), model.alive.len());
            }
        }
        Step::EndRun(run) => {
            ledger.end_run(&model.runs[run]).await.unwrap();
            if model.is_alive(run) {
                model.end(model.runs[run].id);
            }
        }
        Step::Claim(run, limit) => {
            let claim = fastrand::i64(1..);
            let claimed = ledger.claim(&model.runs[run], claim, limit).await.unwrap();
            assert_eq!(claimed.is_some(), model.is_alive(run));
            let Some(claimed) = claimed else { return };
            let ids = |all: &[Claimed]| all.iter().map(|one| one.item.seq).collect::<Vec<_>>();
            assert_eq!(ids(&claimed), model.claim(run, limit));
            assert_eq!(ids(&ledger.claim(&model.runs[run], claim, limit).await.unwrap().unwrap()).len(), claimed.len());
            for one in claimed {
                let thing = &model.things[one.item.seq as usize];
                assert_eq!(one.answers.len(), thing.tries.iter().filter(|one| one.answered()).count());
                assert_eq!(one.next_attempt, thing.tries.len() as i64 + 1);
            }
        }
        Step::Begin(run, item) => begin(bench, model, run, model.pick(run, item)).await,
        Step::End(run, item, charge, kept) => end(bench, model, run, model.pick(run, item), charge, kept).await,
        Step::Finish(run, item, state, settled, forget) => {
            let verdict = Verdict { settled, forget, ..verdict(state) };
            finish(bench, model, run, model.pick(run, item), &verdict).await;
        }
        Step::Recover(item) => recover(bench, model, item).await,
        Step::Retry(state) => {
            ledger.retry(&[state]).await.unwrap();
            for thing in model.things.iter_mut().filter(|thing| thing.state == state) {
                for one in &mut thing.tries {
                    one.forgiven |= match one.charge {
                        Charge::Unknown => state == State::Unknown || one.kept != Kind::Nothing,
                        Charge::Charged => one.kept == Kind::Nothing,
                        Charge::None => false,
                    };
                }
                thing.state = thing.at_rest();
            }
        }
        Step::Pass(parts) => {
            bench.pass(Duration::from_secs(parts * LONG / 4));
            model.clock += parts;
        }
    }
}

async fn begin(bench: &Bench, model: &mut Model, run: usize, item: usize) {
    let (alive, id) = (model.is_alive(run), model.runs[run].id);
    let thing = &mut model.things[item];
    let number = thing.tries.len() as i64 + 1;
    let may = alive && thing.is_held() && thing.last == Some((id, true));
    let name = attempt(&format!("item-{item}"), number);
    let answer = bench.begin(&model.runs[run], &name).await;
    assert_eq!(answer, if may { Begin::Send } else { Begin::LeaseLost });
    if may {
        assert_eq!(bench.begin(&model.runs[run], &name).await, Begin::Send, "it may be repeated");
        thing.state = State::Sending;
        let charge = Charge::Unknown;
        thing.tries.push(Try { run: id, open: true, charge, in_doubt: false, kept: Kind::Nothing, forgiven: false });
    }
}

/// Ends the newest attempt of the item that this run has made, however late.
async fn end(bench: &Bench, model: &mut Model, run: usize, item: usize, charge: Charge, kept: u8) {
    let id = model.runs[run].id;
    let thing = &mut model.things[item];
    let Some(index) = thing.tries.iter().rposition(|one| one.run == id) else { return };
    let (answer, kind) = match kept {
        0 => (None, thing.tries[index].kept),
        1 => (Some(Kept::Inline(vec![1, 2, 3])), Kind::Small),
        _ => (Some(Kept::File), Kind::FileOf(run)),
    };
    // An attempt has one answer, and an answer that cost nothing is never used.
    let answer = answer.filter(|_| thing.tries[index].kept == Kind::Nothing);
    let kind = if answer.is_some() { kind } else { thing.tries[index].kept };
    let name = attempt(&format!("item-{item}"), index as i64 + 1);
    for _ in 0..2 {
        bench.end(&model.runs[run], &name, charge, answer.clone()).await;
    }
    let one = &mut thing.tries[index];
    if one.charge == Charge::Unknown || charge != Charge::Unknown {
        one.charge = charge;
    }
    (one.open, one.in_doubt, one.kept) = (false, false, kind);
    one.forgiven &= answer.is_none();
    match thing.state {
        State::Sending if thing.tries.iter().all(|one| !one.open) => thing.state = State::Claimed,
        State::Planned | State::Paid | State::Unknown => thing.state = thing.at_rest(),
        _ => (),
    }
}

async fn finish(bench: &Bench, model: &mut Model, run: usize, item: usize, verdict: &Verdict) {
    let id = model.runs[run].id;
    let thing = &mut model.things[item];
    let mine = thing.last.is_some_and(|last| last.0 == id);
    for _ in 0..2 {
        let answer = bench.ledger.finish(&model.runs[run], &format!("item-{item}"), verdict).await.unwrap();
        assert_eq!(answer, mine);
    }
    if thing.last == Some((id, true)) {
        thing.close();
        for one in thing.tries.iter_mut().filter(|one| one.charge == Charge::Unknown && one.answered()) {
            one.charge = verdict.settled.unwrap_or(Charge::Unknown);
        }
        for one in thing.tries.iter_mut().filter(|one| one.kept != Kind::Nothing && verdict.forget) {
            (one.kept, one.forgiven) = (Kind::Nothing, true);
        }
        let goes_on = matches!(verdict.state, State::Planned | State::Paid);
        thing.state = if goes_on { thing.at_rest() } else { verdict.state };
        thing.last = Some((id, false));
    }
}

/// The file of the newest attempt turns up in the store of the run 0.
async fn recover(bench: &Bench, model: &mut Model, item: usize) {
    let thing = &mut model.things[item];
    let number = thing.tries.len() as i64;
    let unused = bench.ledger.recover(STORES[0], &[attempt(&format!("item-{item}"), number)]).await.unwrap();
    assert_eq!(unused.len(), usize::from(thing.state == State::Done));
    if thing.state == State::Done {
        return;
    }
    let Some(one) = thing.tries.last_mut() else { return };
    if one.kept != Kind::Nothing || one.charge != Charge::Unknown {
        return;
    }
    (one.kept, one.forgiven) = (Kind::FileOf(0), false);
    if matches!(thing.state, State::Planned | State::Paid | State::Unknown) {
        thing.state = thing.at_rest();
    }
}

async fn compare(bench: &Bench, model: &Model) {
    let page = bench.ledger.page(None, &[], 100).await.unwrap();
    let states: Vec<State> = page.items.iter().map(|report| report.state).collect();
    let expected: Vec<State> = model.things.iter().map(|thing| thing.state).collect();
    assert_eq!(states, expected);
    let spending = bench.ledger.spending().await.unwrap();
    assert_eq!((spending.charged, spending.unknown, spending.in_doubt), model.spending());
}

fn run_cases(cases: u32, make: impl Fn() -> Option<Bench> + Copy) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let tested = runner.run(&steps(), |steps| {
        let _entered = runtime.enter();
        let Some(bench) = make() else { return Ok(()) };
        runtime.block_on(async {
            bench.add(ITEMS).await;
            let mut model = Model::new();
            for one in &steps {
                step(&bench, &mut model, one).await;
                compare(&bench, &model).await;
            }
            assert_sums(&bench.ledger).await;
        });
        Ok(())
    });
    tested.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn the_ledger_is_like_its_model() {
    run_cases(64, || Some(wait_for(Bench::sqlite())));
    run_cases(12, || wait_for(Bench::all()).into_iter().nth(1));
}

fn wait_for<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Handle::current().block_on(future)
}
