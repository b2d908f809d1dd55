//! Prints the progress of a call, and cancels the call from another thread.

use std::env::var;
use std::thread;
use std::time::Duration;

use volcv::{BlockingClient, CallOptions, CancelToken, Outpaint};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = BlockingClient::new(var("VOLCV_BASE_URL")?, var("VOLCV_API_KEY")?)?;
    let outpaint = Outpaint::equal(std::fs::read("examples/assets/valley.jpg")?, 0.5);

    let cancel = CancelToken::new();
    let options = CallOptions::new().cancel(&cancel).progress(|now| {
        println!("{}: {} of {} bytes sent, {} received", now.phase, now.sent, now.send_total, now.received);
    });
    let cancel_after_ms: u64 = var("PATIENCE_MS").unwrap_or_default().parse().unwrap_or(60_000);
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(cancel_after_ms));
        cancel.cancel();
    });
    match client.outpaint_with(&outpaint, &options) {
        Ok(result) => println!("done: {:?}", result.outputs),
        Err(error) => println!("{}: {error}", error.kind()),
    }
    Ok(())
}
