//! The shortest blocking program: a wider picture, without any runtime.

use std::env::var;

use volcv::{BlockingClient, Outpaint, Sides};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = BlockingClient::new(var("VOLCV_BASE_URL")?, var("VOLCV_API_KEY")?)?;
    let photo = std::fs::read("examples/assets/valley.jpg")?;
    let wider = Sides { left: 0.5, right: 0.5, ..Sides::ZERO };
    let result = client.outpaint(&Outpaint::sides(photo, wider).prompt("a lake between mountains at dawn"))?;
    std::fs::write(var("OUT")?, result.picture().ok_or("the service sent a link")?)?;
    Ok(())
}
