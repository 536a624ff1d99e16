//! Every way a call can fail, with the code the user sees.
//!
//! Invariant: an error holds a status, a code, an origin or an option's name, and never a token, a URL's query or a
//! message that came over the wire.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error as ThisError;

use crate::fault::Fault;

/// Why a call of the client rejected. Clones are cheap: ten thousand waiters may get the same one.
#[derive(Clone, Debug, PartialEq, ThisError)]
pub enum Error {
    #[error("{option} {problem}")]
    InvalidOption { option: &'static str, problem: Cow<'static, str> },
    #[error(
        "{origin} is not the client's own origin, so it does not get the token; add it to allowedOrigins, or send the request with skipAuthRefresh"
    )]
    OriginNotAllowed { origin: String },
    #[error("{origin} is plain http beyond loopback; use https, or set allowInsecure")]
    InsecureTransport { origin: String },
    #[error("{origin} {kind}")]
    Redirect { origin: String, kind: RedirectKind },
    #[error("the refresh has not answered within {} ms (refreshTimeout); it goes on, and what it brings is still stored", .after.as_millis())]
    RefreshTimeout { after: Duration },
    #[error("{}{}", .0.kind, said(.0.cause.as_ref()))]
    Refresh(RefreshFailure),
    #[error("{reason}{}", said(.cause.as_ref()))]
    SessionLost { reason: LostReason, cause: Option<Cause> },
    /// `fault`: what is wrong with a store in Rust, and what its user can do about it.
    #[error(
        "the store could not be {action}{}{}; the tokens in memory are kept",
        if *.timed_out { " in time" } else { "" },
        .fault.as_ref().map_or_else(|| said(.cause.as_ref()), |fault| format!(": {fault}"))
    )]
    Store { action: StoreAction, timed_out: bool, cause: Option<Cause>, fault: Option<Arc<str>> },
    #[error(
        "another process has held the lease of this session for {} ms and is not dead; the tokens in memory are kept, and the rotation is tried again", .after.as_millis()
    )]
    LockTimeout { after: Duration },
    /// `fault`: as above.
    #[error("{}{}", damage(.fault.as_deref()), said(.cause.as_ref()))]
    StoreCorrupt { cause: Option<Cause>, fault: Option<Arc<str>> },
    #[error("{max} requests already wait for a rotation (queue.max)")]
    QueueFull { max: usize },
    #[error("no complete answer within {} ms; it ended in the {} phase", .after.as_millis(), .phase.as_str())]
    Timeout { phase: Phase, after: Duration },
    /// `subject` is an origin, sometimes with the proxy that was used.
    #[error("{subject} {fault}")]
    Network { subject: String, fault: Fault },
    /// The user's own transport brought no answer. `unsent`: it is certain that no server has seen the request.
    #[error("the transport brought no answer{}; what it failed with is the cause", said(.cause.as_ref()))]
    Transport { cause: Option<Cause>, unsent: bool, may_pass: bool },
    #[error("the response body is larger than {limit} bytes (maxResponseSize)")]
    TooLarge { limit: u64 },
    #[error(
        "the request would have to be sent again, but its body is a stream that was used up; pass a function that makes the body, or bytes"
    )]
    BodyNotReplayable,
    #[error("the request body could not be read to its end; what it failed with is the cause")]
    Body { cause: Option<Cause> },
    /// `said`: the server's code, or why it could not be asked.
    #[error(
        "the tokens could not be revoked ({said}), so that the server may accept them until they expire; the session goes on"
    )]
    Revoke { said: Arc<str>, may_pass: bool },
    #[error("the client is closed; make a new one")]
    ClientClosed,
    #[error("the request was aborted")]
    Aborted,
    #[error("header.format must return what a header can hold: visible ASCII, no line breaks")]
    Format { cause: Option<Cause> },
    #[error("internal error: please report it with what led to it")]
    Internal,
}

/// Why a redirect is not followed.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum RedirectKind {
    #[error("redirects, and redirect is 'error'")]
    Forbidden,
    #[error("redirects to something that is not a URL")]
    NotAUrl,
    #[error("redirects to a URL that is not http or https")]
    NotHttp,
    #[error("redirects to a URL with a user name or password in it")]
    HasCredentials,
    #[error("redirects from https to plain http, which is never followed")]
    Downgrade,
    #[error(
        "redirects to another origin, {to}; set redirect to 'follow' to go there without the token and the request's other headers, or to 'manual' to get the redirect itself"
    )]
    LeavesOrigin { to: String },
    #[error("redirects more than {limit} times")]
    TooMany { limit: u32 },
}

/// A refresh that brought no tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct RefreshFailure {
    pub kind: RefreshFailureKind,
    /// How long the token endpoint asked to wait, or the rest of the pause after an earlier failure.
    pub retry_after: Option<Duration>,
    pub cause: Option<Cause>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum RefreshFailureKind {
    /// The refresh threw, rejected, or was answered with an error that may pass.
    #[error("the refresh failed; the session is kept, and the refresh is tried again after a pause")]
    Failed,
    #[error(
        "the refresh answered without a usable access token; the access token held is kept. It must return {{ accessToken }} or {{ access_token }}, a string of 1 to 16384 visible ASCII characters"
    )]
    Malformed,
    /// As above, for a grant in Rust.
    #[error("the token endpoint answered without a usable access token; the access token held is kept")]
    MalformedAnswer,
    /// There was no refresh token to send, and the refresh failed without one, for a reason that nothing tells.
    #[error(
        "nobody is logged in: there is no refresh token, and the refresh failed without one; log in and call setTokens"
    )]
    NotLoggedIn,
    /// The refresh was still running at its hard limit.
    #[error("the refresh never answered and was given up; the session is kept")]
    NoAnswer,
}

/// A value that user code threw. The environment in which it was thrown keeps it under `number`.
#[derive(Clone, Debug)]
pub struct Cause {
    pub environment: u64,
    pub number: u32,
    /// The part that messages show of the value: a code, or what is wrong with it. Never a token, or a text from the wire.
    pub said: Option<Arc<str>>,
    /// Dropped with the last error that names the value, so that the environment forgets it.
    pub kept: Arc<dyn Any + Send + Sync>,
}

fn damage(fault: Option<&str>) -> String {
    let mend =
        "the store holds something that is no set of tokens; it is left as it is: mend it, or call setTokens";
    fault.map_or_else(|| mend.to_owned(), |fault| format!("the store could not be read: {fault}"))
}

/// The end of a message that has a cause.
fn said(cause: Option<&Cause>) -> String {
    let said = cause.and_then(|cause| cause.said.as_deref());
    said.map_or_else(String::new, |said| format!(" ({said})"))
}

/// Why a grant in Rust brought no tokens, for programs that test it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// A code of the table of OAuth's codes.
    pub oauth_error: Option<&'static str>,
    /// The answer's.
    pub status: Option<u16>,
    /// Node's code of a fault of the network.
    pub code: Option<&'static str>,
}

impl Cause {
    /// A cause that no user code threw.
    pub fn of_grant(said: impl Into<Arc<str>>, told: Told) -> Self {
        Self { environment: NOWHERE, number: 0, said: Some(said.into()), kept: Arc::new(told) }
    }

    /// None if user code threw it.
    pub fn told(&self) -> Option<Told> {
        self.kept.downcast_ref().copied()
    }
}

/// No environment has this number.
const NOWHERE: u64 = u64::MAX;

impl PartialEq for Cause {
    fn eq(&self, other: &Self) -> bool {
        (self.environment, self.number) == (other.environment, other.number)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum LostReason {
    /// The authorization server refused the refresh token (RFC 6749 §5.2 `invalid_grant`).
    #[error("the session is over: its refresh token was refused; log in again and call setTokens")]
    Rejected,
    /// There was no refresh token to send, and refreshing without one was refused.
    #[error("the session is over: it has no refresh token; log in and call setTokens")]
    NoRefreshToken,
    #[error(
        "the session is over: its refresh token was refused after an earlier refresh that was sent and never answered; log in again and call setTokens"
    )]
    RotationOutcomeUnknown,
    /// `setTokens(null)`.
    #[error("logged out; log in and call setTokens")]
    LoggedOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum StoreAction {
    #[error("read")]
    Read,
    #[error("written")]
    Write,
}

/// The phase that a request was in when its time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Queue,
    Connect,
    Response,
    Body,
}

impl Error {
    /// The stable code of the public contract. `lib/errors.js` lists the same ones; a test compares the two.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidOption { .. } | Self::Format { .. } => "ERR_INVALID_OPTION",
            Self::Internal => "ERR_INTERNAL",
            Self::OriginNotAllowed { .. } => "ERR_ORIGIN_NOT_ALLOWED",
            Self::InsecureTransport { .. } => "ERR_INSECURE_TRANSPORT",
            Self::Redirect { .. } => "ERR_REDIRECT",
            Self::RefreshTimeout { .. } => "ERR_REFRESH_TIMEOUT",
            Self::Refresh(failure) => match failure.kind {
                RefreshFailureKind::Malformed | RefreshFailureKind::MalformedAnswer => {
                    "ERR_REFRESH_MALFORMED"
                }
                RefreshFailureKind::Failed
                | RefreshFailureKind::NotLoggedIn
                | RefreshFailureKind::NoAnswer => "ERR_REFRESH_FAILED",
            },
            Self::SessionLost { .. } => "ERR_SESSION_LOST",
            Self::Store { .. } => "ERR_STORE_UNAVAILABLE",
            Self::StoreCorrupt { .. } => "ERR_STORE_CORRUPT",
            Self::LockTimeout { .. } => "ERR_LOCK_TIMEOUT",
            Self::QueueFull { .. } => "ERR_QUEUE_FULL",
            Self::Timeout { .. } => "ERR_TIMEOUT",
            Self::Network { .. } | Self::Transport { .. } => "ERR_NETWORK",
            Self::TooLarge { .. } => "ERR_TOO_LARGE",
            Self::BodyNotReplayable => "ERR_BODY_NOT_REPLAYABLE",
            Self::Body { .. } => "ERR_BODY_FAILED",
            Self::Revoke { .. } => "ERR_REVOKE_FAILED",
            Self::ClientClosed => "ERR_CLIENT_CLOSED",
            Self::Aborted => "ERR_ABORTED",
        }
    }

    pub fn invalid_option(option: &'static str, problem: impl Into<Cow<'static, str>>) -> Self {
        Self::InvalidOption { option, problem: problem.into() }
    }

    /// For calls of a login that has ended, by logout or by another login.
    pub fn logged_out() -> Self {
        Self::SessionLost { reason: LostReason::LoggedOut, cause: None }
    }

    /// True if the same call may succeed later with nothing changed.
    pub fn retryable(&self) -> bool {
        matches!(
            self,
            Self::RefreshTimeout { .. }
                | Self::Refresh(_)
                | Self::Store { .. }
                | Self::LockTimeout { .. }
                | Self::QueueFull { .. }
                | Self::Timeout { .. }
                | Self::Network { .. }
                | Self::Transport { may_pass: true, .. }
                | Self::Revoke { may_pass: true, .. }
        )
    }
}

impl LostReason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::NoRefreshToken => "no_refresh_token",
            Self::RotationOutcomeUnknown => "rotation_outcome_unknown",
            Self::LoggedOut => "logged_out",
        }
    }
}

impl Phase {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Connect => "connect",
            Self::Response => "response",
            Self::Body => "body",
        }
    }
}
