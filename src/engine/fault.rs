//! Network faults, under the codes that Node programs test for.
//!
//! Invariant: each text is written here. Messages of libraries are never shown, because they may quote a URL or the server.

pub(crate) mod cause;

/// Declares [`Fault`], with the code and the text of each variant.
macro_rules! faults {
    ($($(#[$about:meta])* $name:ident $(($data:ty))?: $code:literal, $text:literal;)*) => {
        /// Displays as the end of a sentence that begins with an origin.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        pub enum Fault {
            $($(#[$about])* #[error($text)] $name $(($data))?,)*
        }

        impl Fault {
            /// Node's code, if Node has one.
            pub fn code(self) -> Option<&'static str> {
                let code = match self {
                    $(Self::$name { .. } => $code,)*
                };
                (!code.is_empty()).then_some(code)
            }
        }
    };
}

faults! {
    // Connecting, as the system reports it.
    UnknownName: "ENOTFOUND", "could not be looked up: its name is unknown";
    NoNameServer: "EAI_AGAIN", "could not be looked up: the name server does not answer";
    NoRouteToHost: "EHOSTUNREACH", "cannot be reached: no route to its host";
    NoRouteToNetwork: "ENETUNREACH", "cannot be reached: no route to its network";
    NoLocalAddress: "EADDRNOTAVAIL", "cannot be reached: no local port or address is free";
    NotPermitted: "EACCES", "cannot be reached: the system does not permit it";
    TooManyFiles: "EMFILE", "cannot be reached: this process has too many files open";
    NoThread: "EAGAIN", "cannot be reached: the system gives this process no thread at the moment";
    NoSocket: "ENOENT", "cannot be reached: there is no socket at socketPath";
    Refused: "ECONNREFUSED", "refused the connection";

    // A connection that ends.
    Reset: "ECONNRESET", "reset the connection";
    HungUp: "ECONNRESET", "closed the connection before its response was complete (socket hang up)";
    /// The connection closed before the request was given to it.
    NeverWritten: "ECONNRESET", "closed the connection before its response was complete (socket hang up)";
    Aborted: "ECONNABORTED", "aborted the connection";
    Pipe: "EPIPE", "closed the connection while the request was being sent";
    TimedOut: "ETIMEDOUT", "did not answer in time";

    // HTTP/1.1.
    InvalidStatus: "HPE_INVALID_STATUS", "sent a response with an invalid status";
    NotHttp: "HPE_INVALID_CONSTANT", "sent something that is not HTTP/1.1, or a head above the limits";
    BadChunks: "HPE_INVALID_CHUNK_SIZE", "sent a body that is not chunked as it says";
    /// Two readers of such a response could disagree about where it ends, which lets one response pass for two (RFC 9112 §6.3).
    TwoEnds: "HPE_UNEXPECTED_CONTENT_LENGTH", "sent a response with both content-length and transfer-encoding";
    FoldedFraming: "HPE_INVALID_HEADER_TOKEN", "sent a response whose content-length or transfer-encoding goes on in a second line";
    Upgraded: "HPE_PAUSED_UPGRADE", "switched to another protocol (status 101), which nobody asked for";

    // HTTP/2.
    NotHttp2: "ERR_HTTP2_ERROR", "sent something that is not HTTP/2, or a head above the limits";
    GoAway: "ERR_HTTP2_GOAWAY_SESSION", "closes the connection and did not process the request";
    StreamRefused: "ERR_HTTP2_STREAM_ERROR", "refused the request unprocessed (REFUSED_STREAM)";
    NeedsHttp1: "ERR_HTTP2_STREAM_ERROR", "wants HTTP/1.1 for this request, whose body is used up (HTTP_1_1_REQUIRED)";
    AskedTooMuch: "ERR_HTTP2_STREAM_ERROR", "is asked for too much (ENHANCE_YOUR_CALM)";
    StreamCancelled: "ERR_HTTP2_STREAM_ERROR", "cancelled the request (CANCEL)";
    ServerFailed: "ERR_HTTP2_STREAM_ERROR", "failed (INTERNAL_ERROR)";
    StreamReset: "ERR_HTTP2_STREAM_ERROR", "reset the request";
    StreamEnded: "ERR_HTTP2_STREAM_ERROR", "ended the stream before its response was complete (NO_ERROR)";

    // Compressed bodies.
    EncodingCutOff: "Z_BUF_ERROR", "sent a compressed body that ends early";
    BadEncoding: "Z_DATA_ERROR", "sent a body that is not compressed as its content-encoding says";

    // TLS.
    NotTls: "ERR_SSL_WRONG_VERSION_NUMBER", "does not speak TLS";
    NothingInCommon: "ERR_SSL_UNSUPPORTED_PROTOCOL", "shares no TLS version or cipher with this client, which speaks TLS 1.3, and 1.2 with ECDHE and AES-GCM or ChaCha20";
    HandshakeRefused: "EPROTO", "refused the TLS handshake";
    HandshakeFailed: "EPROTO", "failed the TLS handshake";
    Expired: "CERT_HAS_EXPIRED", "has a certificate that has expired";
    NotYetValid: "CERT_NOT_YET_VALID", "has a certificate that is not valid yet";
    OtherName: "ERR_TLS_CERT_ALTNAME_INVALID", "has a certificate for another name";
    NoName: "ERR_TLS_CERT_ALTNAME_INVALID", "has a certificate without a subjectAltName, and a common name does not count";
    UnknownIssuer: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "has a certificate that no trusted authority signed; set tls.ca to the authority that did, or, for https without tls.ca, NODE_EXTRA_CA_CERTS to a file of it";
    Revoked: "CERT_REVOKED", "has a certificate that was revoked";
    BadSignature: "CERT_SIGNATURE_FAILURE", "has a certificate that the authority it names did not sign";
    NotForServers: "INVALID_PURPOSE", "has a certificate that is not for servers";
    AuthorityAsServer: "DEPTH_ZERO_SELF_SIGNED_CERT", "shows an authority's certificate as its own; set tls.ca to this very certificate, or make one with CA:FALSE";
    OldCertificate: "ERR_TLS_CERT_INVALID", "has a certificate of X.509 version 1, which rustls does not read; make one of version 3";
    BadCertificate: "ERR_TLS_CERT_INVALID", "has an invalid certificate";
    NoAuthorities: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "names no certificate authorities; mend it, or set tls.ca";

    // A proxy makes no tunnel. The code of the first group is Node's own for that.
    TunnelRefused(u16): "ERR_PROXY_TUNNEL", "refused the tunnel with status {0}";
    TunnelNeedsLogin: "ERR_PROXY_TUNNEL", "refused the tunnel with status 407: it wants a user name and password in the option proxy";
    ProxyLoginMethod: "ERR_PROXY_TUNNEL", "takes no user name and password, or not without them";
    ProxyLoginRefused: "ERR_PROXY_TUNNEL", "refused the user name and password";
    ProxyNameTooLong: "ERR_PROXY_TUNNEL", "cannot be told such a long name";
    NotSocks: "ERR_PROXY_TUNNEL", "does not speak SOCKS version 5";
    ProxyFailed: "ERR_PROXY_TUNNEL", "failed to make the connection";
    ProxyForbids: "ERR_PROXY_TUNNEL", "does not allow this connection";
    ProxyCannot: "ERR_PROXY_TUNNEL", "cannot make such a connection";
    ProxyNoRouteToNetwork: "ENETUNREACH", "says that there is no route to the network";
    ProxyNoRouteToHost: "EHOSTUNREACH", "says that there is no route to the host";
    ProxyConnectionRefused: "ECONNREFUSED", "says that the connection was refused";
    ProxyTimedOut: "ETIMEDOUT", "says that there was no answer in time";
    ProxyHungUp: "ECONNRESET", "closed the connection";
    ProxyNotAsked: "ENOTFOUND", "was not asked: the name is unknown here (socks5h has the proxy look it up)";

    Unknown: "UNKNOWN", "could not be reached";
}

/// The codes that got and undici retry.
const PASSING: [&str; 12] = [
    "ECONNRESET",
    "ECONNREFUSED",
    "ECONNABORTED",
    "EPIPE",
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "EAI_AGAIN",
    "EAGAIN",
    "ENOTFOUND",
    "ERR_HTTP2_STREAM_ERROR",
    "ERR_HTTP2_GOAWAY_SESSION",
];

impl Fault {
    /// True if the same request may succeed a little later. A wrong certificate, or a server that speaks no HTTP, stays
    /// wrong.
    pub fn may_pass(self) -> bool {
        self.code().is_some_and(|code| PASSING.contains(&code))
    }

    /// False if the fault itself proves that the server did not act upon the request. A connection that was never made
    /// proves it too, whatever its fault: the same fault can end a connection on which the request was sent.
    pub fn sent(self) -> bool {
        !matches!(self, Self::NeverWritten | Self::GoAway | Self::StreamRefused | Self::NeedsHttp1)
    }
}
