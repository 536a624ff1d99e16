//! Finds the [`Fault`] behind an error of the network, whichever crate reports it.
//!
//! Invariant: the message of the resulting error holds an origin and the text of a fault, and nothing that a library says.

use std::io;

use http::Uri;
use tokio::time::error::Elapsed;

use crate::error::{Error, Phase};
use crate::fault::Fault;
use crate::fault::cause::{Cause, causes, of_io, of_lookup, of_tls};
use crate::http::connect::proxy::ProxyError;
use crate::http::connect::renewal::Unreadable;
use crate::http::connect::watch::CONNECT_TIMEOUT;
use crate::http::host;

/// The error that the caller gets for `error`, which came from connecting to `uri`.
pub(crate) fn connect_error(error: &Cause, uri: &Uri) -> Error {
    if fault_of(error) == Fault::TimedOut && !is_from_system(error) {
        return Error::Timeout { phase: Phase::Connect, after: CONNECT_TIMEOUT };
    }
    network_error(error, uri)
}

/// The error that the caller gets for `error`, which came from sending to `uri` or reading from there.
pub(crate) fn network_error(error: &Cause, uri: &Uri) -> Error {
    if let Some(unreadable) = causes(error).find_map(|cause| cause.downcast_ref::<Unreadable>()) {
        return unreadable.into();
    }
    let fault = fault_of(error);
    let origin = host::name(uri);
    let subject = match causes(error).find_map(|cause| cause.downcast_ref::<ProxyError>()) {
        Some(ProxyError { name, .. }) => format!("{origin} cannot be reached: its proxy {name}"),
        None => origin,
    };
    Error::Network { subject, fault }
}

/// The error that the caller gets for `error` of a decoder that reads a body from `uri`.
pub(crate) fn decoding_error(error: &io::Error, uri: &Uri) -> Error {
    if causes(error).any(|cause| cause.is::<hyper::Error>() || cause.is::<Fault>()) {
        return network_error(error, uri);
    }
    let fault = match error.kind() {
        io::ErrorKind::UnexpectedEof => Fault::EncodingCutOff,
        _ => Fault::BadEncoding,
    };
    Error::Network { subject: host::name(uri), fault }
}

/// True if `error` itself proves that the server did not act upon the request.
pub(crate) fn proves_unsent(error: &Cause) -> bool {
    causes(error).filter_map(named).any(|fault| !fault.sent())
}

/// True if `error` is the server's word that it wants HTTP/1.1 for this request.
pub(crate) fn needs_http1(error: &Cause) -> bool {
    causes(error).any(|cause| named(cause) == Some(Fault::NeedsHttp1))
}

/// The fault of the innermost cause that has one, because outer causes only say which layer failed.
fn fault_of(error: &Cause) -> Fault {
    let mut found = None;
    let mut looking_up = false;
    let mut speaking_http = false;
    for cause in causes(error) {
        let own = named(cause);
        match cause.downcast_ref::<io::Error>() {
            Some(io) if looking_up => found = Some(of_lookup(io)),
            // hyper reports bad chunks as these.
            Some(io)
                if speaking_http
                    && matches!(io.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) =>
            {
                found = Some(Fault::BadChunks);
            }
            _ => found = own.or(found),
        }
        speaking_http |= cause.is::<hyper::Error>();
        if own.is_none() && cause.to_string() == LOOKING_UP {
            looking_up = true;
            found = Some(Fault::UnknownName);
        }
    }
    found.unwrap_or(Fault::Unknown)
}

/// The fault of `cause` alone, without the causes below it.
fn named(cause: &Cause) -> Option<Fault> {
    let fault = cause.downcast_ref().copied();
    fault
        .or_else(|| cause.downcast_ref().map(of_tls))
        .or_else(|| of_http(cause.downcast_ref()?))
        .or_else(|| of_http2(cause.downcast_ref()?))
        .or_else(|| of_io(cause.downcast_ref()?))
        .or_else(|| cause.is::<Elapsed>().then_some(Fault::TimedOut))
}

fn of_http(error: &hyper::Error) -> Option<Fault> {
    if error.is_timeout() {
        // HTTP/2's ping was not answered.
        Some(Fault::TimedOut)
    } else if error.is_parse_status() {
        Some(Fault::InvalidStatus)
    } else if error.is_parse() {
        Some(Fault::NotHttp)
    } else if error.is_canceled() {
        // hyper calls a request cancelled only if it gives it back unsent.
        Some(Fault::NeverWritten)
    } else if error.is_incomplete_message() || error.is_closed() || error.is_user() {
        // `is_user`: hyper's task for the connection ended without an answer.
        Some(Fault::HungUp)
    } else {
        None
    }
}

/// RFC 9113 §8.7: a refused stream was not processed, nor was a stream above the last that a GOAWAY names (h2 gives only
/// those the GOAWAY as their error). Only the server's word counts, because h2 may reset a stream after its answer.
fn of_http2(error: &h2::Error) -> Option<Fault> {
    use h2::Reason;
    if let Some(io) = error.get_io() {
        return of_io(io);
    }
    Some(match error.reason()? {
        _ if !error.is_remote() => Fault::NotHttp2,
        // By a reset or a GOAWAY: either way the server wants the whole request anew (RFC 9113 §7).
        Reason::HTTP_1_1_REQUIRED => Fault::NeedsHttp1,
        _ if error.is_go_away() => Fault::GoAway,
        Reason::REFUSED_STREAM => Fault::StreamRefused,
        Reason::ENHANCE_YOUR_CALM => Fault::AskedTooMuch,
        Reason::CANCEL => Fault::StreamCancelled,
        Reason::INTERNAL_ERROR => Fault::ServerFailed,
        _ => Fault::StreamReset,
    })
}

/// The error type of hyper-util's connector is private; this text is all that identifies it.
const LOOKING_UP: &str = "dns error";

/// True if the operating system reported the error, and not a timer of the engine.
fn is_from_system(error: &Cause) -> bool {
    causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|io| io.raw_os_error().is_some())
}

#[cfg(test)]
mod tests;
