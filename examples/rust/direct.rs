//! Direct access with an access key of Volcengine, which is found on the machine as the official SDKs find it: in
//! `VOLC_ACCESSKEY` and `VOLC_SECRETKEY`, or in the files below `~/.volc`.

use std::env::var;

use volcv::{ClientBuilder, CredentialsSource, Outpaint};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut builder = ClientBuilder::direct(CredentialsSource::find()?);
    if let Ok(url) = var("VOLC_BASE_URL") {
        builder = builder.base_url(url);
    }
    let photo = std::fs::read("examples/assets/valley.jpg")?;
    let outpaint = Outpaint::aspect(photo, 2.0, 1.0).prompt("a lake between mountains at dawn");
    let result = builder.ureq()?.outpaint(&outpaint)?;
    std::fs::write(var("OUT")?, result.picture().ok_or("the service sent a link")?)?;
    Ok(())
}
