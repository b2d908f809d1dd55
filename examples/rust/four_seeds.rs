//! Four pictures to choose from. Two calls run at a time; the results have the order of the seeds, and one that fails does
//! not lose the others.

use std::env::var;

use volcv::{BlockingClient, CallOptions, Outpaint};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = BlockingClient::new(var("VOLCV_BASE_URL")?, var("VOLCV_API_KEY")?)?;
    let outpaint = Outpaint::equal(std::fs::read("examples/assets/valley.jpg")?, 0.25);
    let seeds = [1, 2, 3, 4];
    let results = client.variants(&outpaint, &seeds, &CallOptions::new())?;
    for (seed, result) in seeds.iter().zip(results) {
        match result {
            Ok(result) => println!("seed {seed}: {:?}", result.outputs),
            Err(error) => println!("seed {seed}: {error}"),
        }
    }
    Ok(())
}
