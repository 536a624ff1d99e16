//! Faults that no test server can be made to show.

use std::sync::Arc;

use rustls::{CertificateError, Error as Tls, InvalidMessage, OtherError};

use super::*;

#[test]
fn certificates() {
    #[derive(Debug)]
    struct CaUsedAsEndEntity;
    impl std::fmt::Display for CaUsedAsEndEntity {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            Ok(())
        }
    }
    impl StdError for CaUsedAsEndEntity {}

    let table = [
        (CertificateError::Expired, "CERT_HAS_EXPIRED"),
        (CertificateError::NotValidYet, "CERT_NOT_YET_VALID"),
        (CertificateError::NotValidForName, "ERR_TLS_CERT_ALTNAME_INVALID"),
        (CertificateError::UnknownIssuer, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        (CertificateError::Revoked, "CERT_REVOKED"),
        (CertificateError::BadSignature, "CERT_SIGNATURE_FAILURE"),
        (CertificateError::InvalidPurpose, "INVALID_PURPOSE"),
        (CertificateError::BadEncoding, "ERR_TLS_CERT_INVALID"),
        (CertificateError::Other(OtherError(Arc::new(CaUsedAsEndEntity))), "DEPTH_ZERO_SELF_SIGNED_CERT"),
    ];
    for (reason, code) in table {
        assert_eq!(of_tls(&Tls::InvalidCertificate(reason)).code(), Some(code));
    }
}

#[test]
fn handshakes() {
    let table = [
        (Tls::InvalidMessage(InvalidMessage::InvalidContentType), "ERR_SSL_WRONG_VERSION_NUMBER"),
        (Tls::AlertReceived(rustls::AlertDescription::HandshakeFailure), "EPROTO"),
        (Tls::HandshakeNotComplete, "EPROTO"),
    ];
    for (error, code) in table {
        assert_eq!(of_tls(&error).code(), Some(code));
    }
}

#[test]
fn the_system() {
    use io::ErrorKind as Kind;
    let table = [
        (Kind::ConnectionRefused, "ECONNREFUSED"),
        (Kind::ConnectionReset, "ECONNRESET"),
        (Kind::ConnectionAborted, "ECONNABORTED"),
        (Kind::UnexpectedEof, "ECONNRESET"),
        (Kind::BrokenPipe, "EPIPE"),
        (Kind::TimedOut, "ETIMEDOUT"),
        (Kind::HostUnreachable, "EHOSTUNREACH"),
        (Kind::NetworkUnreachable, "ENETUNREACH"),
        (Kind::AddrNotAvailable, "EADDRNOTAVAIL"),
        (Kind::PermissionDenied, "EACCES"),
    ];
    for (kind, code) in table {
        assert_eq!(of_io(&kind.into()).and_then(Fault::code), Some(code));
    }
    assert_eq!(of_io(&io::Error::other("s3cr3t")), None);
    // A NetworkError without a code would have no `cause` in JavaScript.
    assert_eq!(Fault::Unknown.code(), Some("UNKNOWN"));
}

#[cfg(unix)]
#[test]
fn too_many_files() {
    assert_eq!(of_io(&io::Error::from_raw_os_error(24)), Some(Fault::TooManyFiles));
}

#[test]
fn lookups() {
    let table = [
        ("failed to lookup address information: Name or service not known", "ENOTFOUND"),
        ("failed to lookup address information: No address associated with hostname", "ENOTFOUND"),
        ("failed to lookup address information: Temporary failure in name resolution", "EAI_AGAIN"),
        ("failed to lookup address information: Try again", "EAI_AGAIN"),
    ];
    for (text, code) in table {
        assert_eq!(of_lookup(&io::Error::other(text)).code(), Some(code));
    }
}
