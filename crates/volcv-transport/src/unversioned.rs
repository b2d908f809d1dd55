//! Constructors that name types of other crates. They are outside of this crate's semver promise, so that a new
//! version of reqwest is not a new major version of volcv.

#[cfg(feature = "reqwest")]
use crate::ReqwestTransport;

/// A transport on a reqwest client of your own, for client certificates and the like.
///
/// Redirects, retries, decompression, keep-alive and the reading of headers are set by volcv, whatever the builder says.
/// Two things are left to the builder. For TLS it needs `tls_backend_preconfigured`, or a crypto provider that the program has
/// installed. It uses the proxies of the environment unless it has `no_proxy`, and reqwest sends an `http` call, the key
/// included, to such a proxy itself.
///
/// # Errors
/// reqwest cannot build the client.
///
/// # Panics
/// The builder has no TLS configuration, and the program has no crypto provider.
#[cfg(feature = "reqwest")]
pub fn reqwest_transport(builder: reqwest::ClientBuilder) -> Result<ReqwestTransport, volcv_core::Error> {
    ReqwestTransport::from_builder(builder)
}
