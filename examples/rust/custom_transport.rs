//! Your own HTTP: a transport of 24 lines, here on a plain ureq agent. Retries, charges, errors and the decoding of replies
//! come from volcv, as with the built-in transports.
//!
//! A plain agent cannot be interrupted. So the agent gets the limits, and the loop checks the token after each read.

use std::env::var;
use std::io::Read;

use volcv::{
    CancelToken, ClientBuilder, Limits, Outpaint, ReplySink, Request, Transport, TransportError, TransportErrorKind,
};

// transport: begin
pub(crate) struct MyHttp(pub(crate) ureq::Agent);

impl Transport for MyHttp {
    fn send(
        &self,
        request: Request,
        reply: &mut (dyn ReplySink + Send),
        limits: &Limits,
        cancel: &CancelToken,
    ) -> Result<(), TransportError> {
        let broken = |error: ureq::Error| TransportError::with_source(TransportErrorKind::Io, error);
        let request = self.0.configure_request(request.map(ureq::SendBody::from_owned_reader));
        let request = request.timeout_connect(Some(limits.connect)).timeout_global(Some(limits.attempt)).build();
        let (head, body) = self.0.run(request).map_err(broken)?.into_parts();
        reply.head(head.status.as_u16(), &head.headers)?;
        let (mut body, mut chunk) = (body.into_reader(), vec![0; 65536]);
        while let n @ 1.. = body.read(&mut chunk).map_err(|error| broken(error.into()))? {
            if cancel.is_cancelled() {
                return Err(TransportError::new(TransportErrorKind::Cancelled));
            }
            reply.data(&chunk[..n])?;
        }
        Ok(())
    }
}
// transport: end

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
    let client = ClientBuilder::new(var("VOLCV_BASE_URL")?, var("VOLCV_API_KEY")?).transport(MyHttp(agent.into()))?;
    let result = client.outpaint(&Outpaint::equal(std::fs::read("examples/assets/valley.jpg")?, 0.5))?;
    std::fs::write(var("OUT")?, result.picture().ok_or("the service sent a link")?)?;
    Ok(())
}
