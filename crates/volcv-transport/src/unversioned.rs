//! Constructors that name types of other crates. They are outside of this crate's semver promise, so that a new
//! version of reqwest is not a new major version of volcv.

#[cfg(feature = "reqwest")]
use crate::ReqwestTransport;

/// A transport on a reqwest client of your own, for client certificates and the like.
///
/// It has to be built with `redirect(Policy::none())` and `retry(never())`: a redirect would send the key elsewhere,
/// and a hidden retry could pay twice. It should have `http1_ignore_invalid_headers_in_responses(true)` and
/// `http1_max_headers(2000)`, as volcv's own client has: otherwise one odd line in a head costs a reply that is paid for.
#[cfg(feature = "reqwest")]
pub fn reqwest_transport(client: reqwest::Client) -> ReqwestTransport {
    ReqwestTransport::from_client(client)
}
