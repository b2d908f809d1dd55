//! Finds TLS errors inside of other errors, and says in words what rustls has only an identifier for.

/// Whether an error comes from a refused certificate or from TLS versions that do not meet, at any depth.
pub(crate) fn is_refusal(error: &(dyn std::error::Error + 'static)) -> bool {
    find::<rustls::Error>(error).is_some_and(|tls| {
        matches!(
            tls,
            rustls::Error::InvalidCertificate(_)
                | rustls::Error::NoCertificatesPresented
                | rustls::Error::PeerIncompatible(_)
                | rustls::Error::AlertReceived(_)
        )
    })
}

/// A sentence for an error that rustls describes only by an identifier: a server that uses its certificate authority's own
/// certificate, which is a common mistake in development.
pub(crate) fn in_words(error: &(dyn std::error::Error + 'static)) -> Option<Box<dyn std::error::Error + Send + Sync>> {
    // The inner error's type belongs to a crate that rustls does not re-export, so its text is compared.
    let is_authority = format!("{:?}", find::<rustls::Error>(error)?).contains("CaUsedAsEndEntity");
    is_authority.then(|| {
        "it is that of a certificate authority, which no server can use as its own: \
         trust the authority, and give the server a certificate that the authority has signed"
            .into()
    })
}

/// The error of a type within an error, at any depth.
pub(crate) fn find<'a, E: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        // An `io::Error` hides the error it wraps from `source`, which skips one level.
        let inner = error.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref());
        let found = inner.and_then(|e| e.downcast_ref::<E>()).or_else(|| error.downcast_ref());
        if found.is_some() {
            return found;
        }
        if let Some(inner) = inner {
            next = Some(inner);
            continue;
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustls::{CertificateError, Error, PeerIncompatible};

    use super::*;

    #[test]
    fn a_refusal_is_found_at_any_depth() {
        let refused = Error::InvalidCertificate(CertificateError::Expired);
        assert!(is_refusal(&refused));
        assert!(is_refusal(&io::Error::other(refused.clone())));
        assert!(is_refusal(&io::Error::other(io::Error::other(refused))));
        assert!(is_refusal(&Error::PeerIncompatible(PeerIncompatible::Tls12NotOffered)));
        assert!(!is_refusal(&Error::DecryptError) && !is_refusal(&io::Error::other("no TLS")));
    }

    /// The error is the one that rustls makes.
    #[test]
    #[cfg(feature = "tls-ring")]
    fn a_certificate_authority_that_is_used_as_a_server_is_explained() {
        use std::sync::Arc;

        use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
        use rustls::client::WebPkiServerVerifier;
        use rustls::client::danger::ServerCertVerifier as _;
        use rustls::pki_types::{ServerName, UnixTime};

        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let refused = verifier.verify_server_cert(authority.der(), &[], &name, &[], UnixTime::now()).unwrap_err();
        let text = in_words(&io::Error::other(refused)).unwrap().to_string();
        assert!(text.contains("certificate authority"), "{text}");
        assert!(in_words(&Error::InvalidCertificate(CertificateError::Expired)).is_none());
    }
}
