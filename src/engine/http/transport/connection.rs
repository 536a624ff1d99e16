//! The end of a connection where requests are put in, whatever version of HTTP is spoken.
//!
//! Invariant: an HTTP/1.1 request goes out in the form that its reader wants (RFC 9112 §3.2): with its path alone to a server,
//! with its whole URL to a proxy.

use http::header::HOST;
use http::{HeaderValue, Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};

use crate::http::body::outgoing::OutgoingBody;
use crate::http::connect::link_handle::LinkHandle;
use crate::http::connect::socket::handed_over;

pub(crate) struct Connection {
    pub(super) sender: Sender,
    pub(super) link: LinkHandle,
    /// Leads to a proxy that reads the requests.
    pub(super) forwarded: bool,
}

#[derive(Debug)]
pub(super) enum Sender {
    Http1(http1::SendRequest<OutgoingBody>),
    Http2(http2::SendRequest<OutgoingBody>),
}

impl Connection {
    /// Sends `request`, which has a whole URL. `host` is the header that HTTP/1.1 wants. An error has the request with it if
    /// nothing of it was written.
    pub(crate) async fn send(
        &mut self,
        mut request: Request<OutgoingBody>,
        host: &HeaderValue,
    ) -> Result<Response<Incoming>, TrySendError<Request<OutgoingBody>>> {
        match &mut self.sender {
            Sender::Http1(sender) => {
                request.headers_mut().entry(HOST).or_insert_with(|| host.clone());
                if !self.forwarded {
                    let path = request.uri().path_and_query().cloned();
                    *request.uri_mut() = path.map(Uri::from).unwrap_or_default();
                }
                let answer = sender.try_send_request(request);
                handed_over();
                answer.await
            }
            Sender::Http2(sender) => sender.try_send_request(request).await,
        }
    }

    pub(crate) fn speaks_http2(&self) -> bool {
        matches!(self.sender, Sender::Http2(_))
    }

    /// The same HTTP/2 connection, for another request.
    pub(crate) fn again(&self) -> Option<Self> {
        let Sender::Http2(sender) = &self.sender else { return None };
        let sender = Sender::Http2(sender.clone());
        Some(Self { sender, link: self.link.clone(), forwarded: self.forwarded })
    }

    /// True if hyper takes a request now.
    pub(crate) fn is_ready(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_ready(),
            Sender::Http2(sender) => sender.is_ready(),
        }
    }

    /// Waits until hyper takes a request. An error says that the connection has ended.
    pub(crate) async fn ready(&mut self) -> hyper::Result<()> {
        match &mut self.sender {
            Sender::Http1(sender) => sender.ready().await,
            Sender::Http2(sender) => sender.ready().await,
        }
    }
}
