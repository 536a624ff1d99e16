//! Gives what goes wrong on the network the codes that Node programs test for, whatever crate it went wrong in.
//!
//! Invariant: a message made here holds an origin and this file's own words. What the libraries say is looked at and
//! thrown away, since it may quote a URL or the server.

use std::error::Error as StdError;
use std::io;

use http::Uri;
use hyper_util::client::legacy;
use tokio::time::error::Elapsed;

use crate::error::{Error, Phase};
use crate::http::body::incoming::BrokenOff;
use crate::http::connect::proxy::error::ProxyError;
use crate::http::connect::watch::CONNECT_TIMEOUT;
use crate::http::host;

/// What `error`, from connecting to `uri`, sending there or reading from there, means.
pub fn error(error: &(dyn StdError + 'static), uri: &Uri) -> Error {
    let fault = Fault::of(error);
    let connecting = error.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect);
    if fault == TIMED_OUT && connecting && !from_system(error) {
        return Error::Timeout { phase: Phase::Connect, after: CONNECT_TIMEOUT };
    }
    match causes(error).find_map(|cause| cause.downcast_ref::<ProxyError>()) {
        Some(proxy) => fault.at_proxy(proxy, uri),
        None => fault.at(uri),
    }
}

/// What `error` means that came out of a decoder which reads from `uri`.
pub fn decoding(error: &io::Error, uri: &Uri) -> Error {
    if causes(error).any(|cause| cause.is::<hyper::Error>() || cause.is::<BrokenOff>()) {
        return self::error(error, uri);
    }
    Fault::of_decoder(error).at(uri)
}

/// A code, and what the origin did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault(&'static str, &'static str);

impl Fault {
    /// The innermost cause that has a name: outer ones only say which layer saw it.
    fn of(error: &Cause) -> Self {
        let mut found = None;
        let mut looking_up = false;
        let mut speaking = false;
        for cause in causes(error) {
            if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
                found = Some(Self::of_tls(tls));
            } else if let Some(http) = cause.downcast_ref::<hyper::Error>() {
                found = Self::of_http(http).or(found);
                speaking = true;
            } else if let Some(http2) = cause.downcast_ref::<h2::Error>() {
                found = Self::of_http2(http2).or(found);
            } else if let Some(system) = cause.downcast_ref::<io::Error>() {
                found = match system.kind() {
                    _ if looking_up => Some(Self::of_lookup(system)),
                    // hyper's own complaints about chunks.
                    io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if speaking => Some(BAD_CHUNKS),
                    _ => Self::of_io(system).or(found),
                };
            } else if cause.is::<BrokenOff>() {
                found = Some(BROKEN_OFF);
            } else if cause.is::<Elapsed>() {
                found = Some(TIMED_OUT);
            } else if cause.to_string() == LOOKING_UP {
                looking_up = true;
                found = Some(NOT_FOUND);
            }
        }
        found.unwrap_or(Self("", "could not be reached"))
    }

    pub(crate) fn at(self, uri: &Uri) -> Error {
        let Self(code, happened) = self;
        let message = format!("{} {happened}", host::name(uri));
        Error::Network { message, code: (!code.is_empty()).then_some(code) }
    }

    /// What kept the proxy from reaching `uri`.
    fn at_proxy(self, proxy: &ProxyError, uri: &Uri) -> Error {
        let (code, happened) = proxy.refusal().unwrap_or_else(|| (self.0, self.1.to_owned()));
        let message = format!("{} cannot be reached: its proxy {} {happened}", host::name(uri), proxy.name);
        Error::Network { message, code: (!code.is_empty()).then_some(code) }
    }

    fn of_io(error: &io::Error) -> Option<Self> {
        use io::ErrorKind as Kind;
        Some(match error.kind() {
            // Of a Unix socket.
            Kind::NotFound => Self("ENOENT", "cannot be reached: there is no socket at socketPath"),
            // h2's word for the end of a connection; the system's own has a number.
            Kind::BrokenPipe if error.get_ref().is_some() => HUNG_UP,
            Kind::ConnectionRefused => Self("ECONNREFUSED", "refused the connection"),
            Kind::ConnectionReset => Self("ECONNRESET", "reset the connection"),
            Kind::ConnectionAborted => Self("ECONNABORTED", "aborted the connection"),
            Kind::UnexpectedEof => HUNG_UP,
            Kind::BrokenPipe => Self("EPIPE", "closed the connection while the request was being sent"),
            Kind::TimedOut => TIMED_OUT,
            Kind::HostUnreachable => Self("EHOSTUNREACH", "cannot be reached: no route to its host"),
            Kind::NetworkUnreachable => Self("ENETUNREACH", "cannot be reached: no route to its network"),
            Kind::AddrNotAvailable => {
                Self("EADDRNOTAVAIL", "cannot be reached: no local port or address is free")
            }
            Kind::PermissionDenied => Self("EACCES", "cannot be reached: the system does not permit it"),
            _ if TOO_MANY_FILES.contains(&error.raw_os_error()?) => {
                Self("EMFILE", "cannot be reached: this process has too many files open")
            }
            _ => return None,
        })
    }

    /// getaddrinfo's codes do not survive the standard library, its text does.
    fn of_lookup(error: &io::Error) -> Self {
        let text = error.to_string();
        // EAI_AGAIN in glibc's and macOS's words, in musl's, and in Windows'.
        let passing = ["Temporary failure", "Try again", "temporary error"];
        if passing.iter().any(|words| text.contains(words)) {
            Self("EAI_AGAIN", "could not be looked up: the name server does not answer")
        } else {
            NOT_FOUND
        }
    }

    fn of_decoder(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self("Z_BUF_ERROR", "sent a compressed body that ends early"),
            _ => Self("Z_DATA_ERROR", "sent a body that is not compressed as its content-encoding says"),
        }
    }

    fn of_http(error: &hyper::Error) -> Option<Self> {
        if error.is_timeout() {
            // No answer to HTTP/2's ping.
            Some(TIMED_OUT)
        } else if error.is_parse_status() {
            Some(Self("HPE_INVALID_STATUS", "sent a response with an invalid status"))
        } else if error.is_parse() {
            Some(Self(
                "HPE_INVALID_CONSTANT",
                "sent something that is not HTTP/1.1, or a head above the limits",
            ))
        } else if error.is_incomplete_message()
            || error.is_closed()
            || error.is_canceled()
            // What became of a request on a connection that ended, nobody saw.
            || error.is_user()
        {
            Some(HUNG_UP)
        } else {
            None
        }
    }

    fn of_http2(error: &h2::Error) -> Option<Self> {
        use h2::Reason;
        if let Some(io) = error.get_io() {
            return Self::of_io(io);
        }
        Some(match error.reason()? {
            _ if !error.is_remote() => {
                Self("ERR_HTTP2_ERROR", "sent something that is not HTTP/2, or a head above the limits")
            }
            _ if error.is_go_away() => {
                Self("ERR_HTTP2_GOAWAY_SESSION", "closes the connection and did not process the request")
            }
            Reason::REFUSED_STREAM => {
                Self("ERR_HTTP2_STREAM_ERROR", "refused the request unprocessed (REFUSED_STREAM)")
            }
            Reason::HTTP_1_1_REQUIRED => Self(
                "ERR_HTTP2_STREAM_ERROR",
                "wants HTTP/1.1 for this request; set http2 to false (HTTP_1_1_REQUIRED)",
            ),
            Reason::ENHANCE_YOUR_CALM => {
                Self("ERR_HTTP2_STREAM_ERROR", "is asked for too much (ENHANCE_YOUR_CALM)")
            }
            Reason::CANCEL => Self("ERR_HTTP2_STREAM_ERROR", "cancelled the request (CANCEL)"),
            Reason::INTERNAL_ERROR => Self("ERR_HTTP2_STREAM_ERROR", "failed (INTERNAL_ERROR)"),
            _ => Self("ERR_HTTP2_STREAM_ERROR", "reset the request"),
        })
    }

    fn of_tls(error: &rustls::Error) -> Self {
        use rustls::Error as Tls;
        match error {
            Tls::InvalidCertificate(reason) => Self::of_certificate(reason),
            Tls::InvalidMessage(_) => Self("ERR_SSL_WRONG_VERSION_NUMBER", "does not speak TLS"),
            Tls::AlertReceived(_) => Self("EPROTO", "refused the TLS handshake"),
            Tls::PeerIncompatible(_) => {
                Self("ERR_SSL_UNSUPPORTED_PROTOCOL", "shares no TLS version or cipher with this client")
            }
            _ => Self("EPROTO", "failed the TLS handshake"),
        }
    }

    fn of_certificate(reason: &rustls::CertificateError) -> Self {
        use rustls::CertificateError as Certificate;
        match reason {
            Certificate::Expired | Certificate::ExpiredContext { .. } => {
                Self("CERT_HAS_EXPIRED", "has a certificate that has expired")
            }
            Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
                Self("CERT_NOT_YET_VALID", "has a certificate that is not valid yet")
            }
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
                Self("ERR_TLS_CERT_ALTNAME_INVALID", "has a certificate for another name")
            }
            Certificate::UnknownIssuer => Self(
                "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
                "has a certificate that no trusted authority signed; set tls.ca to the authority that did",
            ),
            Certificate::Revoked => Self("CERT_REVOKED", "has a certificate that was revoked"),
            // The second: an authority of that name is trusted, and its key is not even of the right kind.
            Certificate::BadSignature
            | Certificate::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                Self("CERT_SIGNATURE_FAILURE", "has a certificate that the authority it names did not sign")
            }
            Certificate::InvalidPurpose | Certificate::InvalidPurposeContext { .. } => {
                Self("INVALID_PURPOSE", "has a certificate that is not for servers")
            }
            // webpki's own type is not ours to name; of its errors without a place in rustls this one is common.
            Certificate::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => Self(
                "DEPTH_ZERO_SELF_SIGNED_CERT",
                "shows an authority's certificate as its own; make a server certificate with CA:FALSE and trust its authority with tls.ca",
            ),
            _ => Self("ERR_TLS_CERT_INVALID", "has an invalid certificate"),
        }
    }
}

const HUNG_UP: Fault =
    Fault("ECONNRESET", "closed the connection before its response was complete (socket hang up)");
const BAD_CHUNKS: Fault = Fault("HPE_INVALID_CHUNK_SIZE", "sent a body that is not chunked as it says");
const BROKEN_OFF: Fault =
    Fault("ERR_HTTP2_STREAM_ERROR", "ended the stream before its response was complete (NO_ERROR)");
/// Whoever goes by the one header takes something for the next answer that is a body to whoever goes by the other: RFC 9112
/// §6.3 has it be an error, as it is to Node and undici. Node's code for it.
pub(crate) const TWO_ENDS: Fault =
    Fault("HPE_UNEXPECTED_CONTENT_LENGTH", "sent a response with both content-length and transfer-encoding");
/// Nobody asked for it. Node's code for it.
pub(crate) const SWITCHED: Fault =
    Fault("HPE_PAUSED_UPGRADE", "switched to another protocol (status 101), which nobody asked for");
const TIMED_OUT: Fault = Fault("ETIMEDOUT", "did not answer in time");
const NOT_FOUND: Fault = Fault("ENOTFOUND", "could not be looked up: its name is unknown");

/// All that hyper-util's connector shows of the type of its error.
const LOOKING_UP: &str = "dns error";

/// ENFILE and EMFILE on Unix, WSAEMFILE on Windows; the standard library has no kind for them.
const TOO_MANY_FILES: [i32; 3] = [23, 24, 10024];

/// Whether the operating system said so, and not a timer of ours.
fn from_system(error: &Cause) -> bool {
    causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|io| io.raw_os_error().is_some())
}

/// `error` and everything below it. An `io::Error` hides what it wraps from `source`.
pub(crate) fn causes(error: &Cause) -> impl Iterator<Item = &Cause> {
    std::iter::successors(Some(error), |&cause: &&Cause| match cause.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &Cause),
        None => cause.source(),
    })
}

type Cause = dyn StdError + 'static;

#[cfg(test)]
mod tests;
