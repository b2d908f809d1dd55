//! What decoding, encoding and fitting of pictures of 4 megapixels take, beside libspng and libjpeg-turbo of this machine.
//!
//! `cargo xtask bench --pictures` runs it. All times are CPU times. Only ratios count: each is that of two times of the same
//! round, and the rounds of all tasks alternate, so that a slower minute of the machine hits all of them.

mod codecs;
mod photo;
mod report;
mod tasks;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use codecs::Codecs;
use report::Row;
use tasks::{Other, Task};

/// Width and height of every picture.
const SIDE: u32 = 2048;
/// The medians are those of so many rounds.
const ROUNDS: usize = 9;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures");
    std::fs::create_dir_all(&folder)?;
    let mut codecs = Codecs::start(&folder)?;
    let mut rows = Vec::new();
    for photo in photo::photos()? {
        eprintln!("{}, {SIDE}x{SIDE}, {ROUNDS} rounds", photo.name);
        let mut tasks = tasks::of(&photo, &folder, &mut codecs)?;
        rows.extend(measure(photo.name.clone(), &mut tasks, &mut codecs)?);
    }
    codecs.end()?;
    print!("{}", report::table(&rows));
    let over = report::over_budget(&rows);
    if over.is_empty() { Ok(()) } else { Err(format!("OVER BUDGET\n{}", over.join("\n")).into()) }
}

fn measure(photo: String, tasks: &mut [Task], codecs: &mut Codecs) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut times: Vec<Vec<(Duration, Duration)>> = vec![Vec::new(); tasks.len()];
    // The first round warms the caches and does not count.
    for round in 0..=ROUNDS {
        for (task, times) in tasks.iter_mut().zip(&mut times) {
            let ours = (task.ours)()?;
            let other = match &mut task.other {
                Other::Codec(command) => codecs.tell(command)?,
                Other::Volcv(other) => other()?,
            };
            if round > 0 {
                times.push((ours, other));
            }
        }
    }
    let row = |(task, times): (&Task, Vec<(Duration, Duration)>)| Row {
        photo: photo.clone(),
        what: task.what,
        other: task.other_name,
        ours: median(times.iter().map(|(ours, _)| ours.as_secs_f64())),
        others: median(times.iter().map(|(_, other)| other.as_secs_f64())),
        ratio: median(times.iter().map(|(ours, other)| ours.as_secs_f64() / other.as_secs_f64())),
        budget: task.budget,
    };
    Ok(tasks.iter().zip(times).map(row).collect())
}

/// The middle number: one round that was disturbed does not move it.
fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
