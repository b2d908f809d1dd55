//! The shortest async program: a picture with the aspect of a cinema screen.

use std::env::var;

use volcv::{Client, Outpaint};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::new(var("VOLCV_BASE_URL")?, var("VOLCV_API_KEY")?)?;
    let photo = std::fs::read("examples/assets/valley.jpg")?;
    let result = client.outpaint(&Outpaint::aspect(photo, 2.39, 1.0).seed(7)).await?;
    std::fs::write(var("OUT")?, result.picture().ok_or("the service sent a link")?)?;
    Ok(())
}
