//! TLS settings: the crypto provider and the root certificates. Nothing is installed process-wide, and no setting turns
//! certificate checks off.

pub(crate) mod error;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use volcv_core::Error;

/// How servers are checked.
///
/// ```
/// # #[cfg(all(feature = "tls-ring", feature = "roots-webpki"))] {
/// use volcv_transport::{CryptoChoice, RootChoice, Tls};
/// let tls = Tls::new().crypto(CryptoChoice::Ring).roots(RootChoice::Webpki);
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Tls {
    crypto: CryptoChoice,
    roots: RootChoice,
    extra_roots: Vec<Vec<u8>>,
}

/// The crypto provider. Choosing one that was not compiled in is an error when the client is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CryptoChoice {
    /// ring if it was compiled in, otherwise aws-lc-rs.
    #[default]
    FirstAvailable,
    /// Feature `tls-ring`.
    Ring,
    /// Feature `tls-aws-lc-rs`.
    AwsLcRs,
}

/// Where the root certificates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RootChoice {
    /// The bundled Mozilla roots if they were compiled in, otherwise the platform's.
    #[default]
    FirstAvailable,
    /// Mozilla's roots, compiled in: feature `roots-webpki`. They work on machines without a certificate store.
    Webpki,
    /// The operating system's own verifier: feature `roots-platform`.
    Platform,
    /// None but those of [`Tls::extra_root`].
    OnlyExtra,
}

impl Tls {
    /// The first choices: ring and the bundled roots.
    pub fn new() -> Self {
        Self::default()
    }

    /// Chooses the crypto provider.
    pub fn crypto(mut self, crypto: CryptoChoice) -> Self {
        self.crypto = crypto;
        self
    }

    /// Chooses the roots.
    pub fn roots(mut self, roots: RootChoice) -> Self {
        self.roots = roots;
        self
    }

    /// Trusts one more root, a certificate in DER form. Not with [`RootChoice::Platform`], which has its own store.
    pub fn extra_root(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.extra_roots.push(der.into());
        self
    }

    /// Trusts more roots: the text of a PEM file with any number of certificates, or one certificate in DER form.
    ///
    /// # Errors
    /// There is no certificate in it, or a broken one.
    pub fn extra_roots(mut self, pem_or_der: &[u8]) -> Result<Self, Error> {
        if !pem_or_der.starts_with(b"0") {
            let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem_or_der).collect();
            let found = found.map_err(|error| Error::config(format!("the extra roots cannot be read: {error}")))?;
            if found.is_empty() {
                return Err(Error::config("there is no certificate in the extra roots"));
            }
            self.extra_roots.extend(found.iter().map(|certificate| certificate.to_vec()));
            return Ok(self);
        }
        Ok(self.extra_root(pem_or_der))
    }

    /// The rustls configuration of a client that speaks HTTP/1.1.
    pub(crate) fn client_config(&self) -> Result<ClientConfig, Error> {
        let provider = self.provider()?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::config(format!("tls: {error}")))?;
        let mut store = RootCertStore::empty();
        match self.roots {
            #[cfg(feature = "roots-webpki")]
            RootChoice::FirstAvailable | RootChoice::Webpki => {
                store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            }
            #[cfg(all(feature = "roots-platform", not(feature = "roots-webpki")))]
            RootChoice::FirstAvailable => return self.platform(builder, provider),
            #[cfg(feature = "roots-platform")]
            RootChoice::Platform => return self.platform(builder, provider),
            RootChoice::OnlyExtra => {}
            #[allow(unreachable_patterns, reason = "reachable only where a feature is missing")]
            other => return Err(missing(named_roots(other))),
        }
        for root in &self.extra_roots {
            let added = store.add(CertificateDer::from(root.as_slice()));
            added.map_err(|error| Error::config(format!("an extra root is not a usable certificate: {error}")))?;
        }
        Ok(builder.with_root_certificates(store).with_no_client_auth())
    }

    fn provider(&self) -> Result<Arc<CryptoProvider>, Error> {
        match self.crypto {
            #[cfg(feature = "tls-ring")]
            CryptoChoice::FirstAvailable | CryptoChoice::Ring => Ok(Arc::new(rustls::crypto::ring::default_provider())),
            #[cfg(all(feature = "tls-aws-lc-rs", not(feature = "tls-ring")))]
            CryptoChoice::FirstAvailable => Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider())),
            #[cfg(feature = "tls-aws-lc-rs")]
            CryptoChoice::AwsLcRs => Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider())),
            #[allow(unreachable_patterns, reason = "reachable only where a feature is missing")]
            other => Err(missing(named_crypto(other))),
        }
    }

    #[cfg(feature = "roots-platform")]
    fn platform(
        &self,
        builder: rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>,
        provider: Arc<CryptoProvider>,
    ) -> Result<ClientConfig, Error> {
        if !self.extra_roots.is_empty() {
            return Err(Error::config("extra roots cannot be added to the platform's own"));
        }
        let verifier = rustls_platform_verifier::Verifier::new(provider)
            .map_err(|error| Error::config(format!("the platform's roots cannot be used: {error}")))?;
        // rustls calls every custom verifier dangerous. This one checks certificates as the platform does.
        Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
    }
}

fn missing(what: &str) -> Error {
    Error::config(format!("this build of volcv comes without {what}"))
}

fn named_roots(roots: RootChoice) -> &'static str {
    match roots {
        RootChoice::FirstAvailable | RootChoice::OnlyExtra => {
            "root certificates (feature roots-webpki or roots-platform)"
        }
        RootChoice::Webpki => "the bundled root certificates (feature roots-webpki)",
        RootChoice::Platform => "the operating system's root certificates (feature roots-platform)",
    }
}

fn named_crypto(crypto: CryptoChoice) -> &'static str {
    match crypto {
        CryptoChoice::FirstAvailable => "a crypto library for tls (feature tls-ring or tls-aws-lc-rs)",
        CryptoChoice::Ring => "the crypto library ring (feature tls-ring)",
        CryptoChoice::AwsLcRs => "the crypto library aws-lc-rs (feature tls-aws-lc-rs)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_in_words() {
        for roots in [RootChoice::FirstAvailable, RootChoice::Webpki, RootChoice::Platform, RootChoice::OnlyExtra] {
            assert!(!missing(named_roots(roots)).to_string().contains(&format!("{roots:?}")));
        }
        for crypto in [CryptoChoice::FirstAvailable, CryptoChoice::Ring, CryptoChoice::AwsLcRs] {
            assert!(!missing(named_crypto(crypto)).to_string().contains(&format!("{crypto:?}")));
        }
        #[cfg(not(feature = "roots-platform"))]
        assert_eq!(
            Tls::new().roots(RootChoice::Platform).client_config().unwrap_err().to_string(),
            "this build of volcv comes without the operating system's root certificates (feature roots-platform)"
        );
    }
}
