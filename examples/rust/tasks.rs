//! A task that survives its program: it is stored as soon as the service has accepted it. When the program is started again,
//! it waits for the stored task and hands in no second one.

use std::env::var;
use std::fs;

use volcv::{BlockingClient, CallOptions, Outpaint, Task, TaskRequest};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = BlockingClient::new(var("VOLCV_BASE_URL")?, var("VOLCV_API_KEY")?)?;
    let file = var("TASK")?;
    let result = match fs::read_to_string(&file) {
        Ok(line) => client.wait(&line.parse::<Task>()?, &CallOptions::new())?,
        Err(_) => {
            let photo = fs::read("examples/assets/valley.jpg")?;
            let request = TaskRequest::of(&Outpaint::equal(photo, 0.25).prompt("a lake between mountains at dawn"))?;
            let stored = file.clone();
            // Written beside and renamed, so that a half-written line is never read.
            let store = move |task: &Task| {
                let beside = format!("{stored}.new");
                let written = fs::write(&beside, task.to_string()).and_then(|()| fs::rename(&beside, &stored));
                written.expect("the task can be stored");
            };
            client.run_task(&request, &CallOptions::new().on_task(store))?
        }
    };
    fs::write(var("OUT")?, result.picture().ok_or("the service sent a link")?)?;
    fs::remove_file(file)?;
    Ok(())
}
