//! Finds the [`Fault`] behind an error of the system or of TLS, for HTTP and for stores.

use std::error::Error as StdError;
use std::io;

use rustls::CertificateError;

use crate::fault::Fault;

pub(crate) type Cause = dyn StdError + 'static;

/// `error` and everything below it. An `io::Error` hides the error that it wraps from `source`.
pub(crate) fn causes(error: &Cause) -> impl Iterator<Item = &Cause> {
    std::iter::successors(Some(error), |&cause: &&Cause| match cause.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &Cause),
        None => cause.source(),
    })
}

pub(crate) fn of_io(error: &io::Error) -> Option<Fault> {
    use io::ErrorKind as Kind;
    Some(match error.kind() {
        // Only the path of a Unix socket is looked for.
        Kind::NotFound => Fault::NoSocket,
        // h2 reports the end of a connection so; the system's own error has a number.
        Kind::BrokenPipe if error.get_ref().is_some() => Fault::HungUp,
        Kind::ConnectionRefused => Fault::Refused,
        Kind::ConnectionReset => Fault::Reset,
        Kind::ConnectionAborted => Fault::Aborted,
        Kind::UnexpectedEof => Fault::HungUp,
        Kind::BrokenPipe => Fault::Pipe,
        Kind::TimedOut => Fault::TimedOut,
        Kind::HostUnreachable => Fault::NoRouteToHost,
        Kind::NetworkUnreachable => Fault::NoRouteToNetwork,
        Kind::AddrNotAvailable => Fault::NoLocalAddress,
        Kind::PermissionDenied => Fault::NotPermitted,
        _ if TOO_MANY_FILES.contains(&error.raw_os_error()?) => Fault::TooManyFiles,
        _ => return None,
    })
}

/// ENFILE and EMFILE on Unix, WSAEMFILE on Windows; the standard library has no kind for them.
const TOO_MANY_FILES: [i32; 3] = [23, 24, 10024];

/// The standard library drops the code of getaddrinfo and keeps its text.
pub(crate) fn of_lookup(error: &io::Error) -> Fault {
    let text = error.to_string();
    // EAI_AGAIN in the words of glibc and macOS, of musl, and of Windows.
    let passing = ["Temporary failure", "Try again", "temporary error"];
    if passing.iter().any(|words| text.contains(words)) { Fault::NoNameServer } else { Fault::UnknownName }
}

pub(crate) fn of_tls(error: &rustls::Error) -> Fault {
    use rustls::Error as Tls;
    match error {
        Tls::InvalidCertificate(reason) => of_certificate(reason),
        Tls::InvalidMessage(_) => Fault::NotTls,
        Tls::AlertReceived(_) => Fault::HandshakeRefused,
        Tls::PeerIncompatible(_) => Fault::NothingInCommon,
        _ => Fault::HandshakeFailed,
    }
}

fn of_certificate(reason: &CertificateError) -> Fault {
    use CertificateError as Certificate;
    match reason {
        Certificate::Expired | Certificate::ExpiredContext { .. } => Fault::Expired,
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => Fault::NotYetValid,
        Certificate::NotValidForNameContext { presented, .. } if presented.is_empty() => Fault::NoName,
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => Fault::OtherName,
        Certificate::UnknownIssuer => Fault::UnknownIssuer,
        Certificate::Revoked => Fault::Revoked,
        // The second: an authority of that name is trusted, but its key is of another kind.
        Certificate::BadSignature | Certificate::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            Fault::BadSignature
        }
        Certificate::InvalidPurpose | Certificate::InvalidPurposeContext { .. } => Fault::NotForServers,
        reason if is_of_authority(reason) => Fault::AuthorityAsServer,
        Certificate::Other(other) if format!("{other:?}").contains("UnsupportedCertVersion") => {
            Fault::OldCertificate
        }
        _ => Fault::BadCertificate,
    }
}

/// True if a server shows a certificate that says it is an authority's.
pub(crate) fn is_of_authority(reason: &CertificateError) -> bool {
    // webpki is no dependency here, so its type cannot be named.
    matches!(reason, CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity"))
}

#[cfg(test)]
mod tests;
