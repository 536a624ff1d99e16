//! Makes a [`Connection`]: connects, and begins to speak the version of HTTP that TLS has agreed upon.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::uri::PathAndQuery;
use http::{Extensions, Uri};
use hyper::client::conn::{http1, http2};
use hyper::rt;
use hyper_util::client::legacy::connect;
use hyper_util::rt::TokioExecutor;
use tokio::sync::oneshot;
use tower_service::Service;

use crate::http::body::outgoing::OutgoingBody;
use crate::http::connect::heads::WithHeads;
use crate::http::connect::link::BoxError;
use crate::http::connect::link_handle::LinkHandle;
use crate::http::connect::watch::Watched;
use crate::http::transport::connection::{Connection, Sender};
use crate::http::transport::failure::Failure;
use crate::http::transport::http2::configure;

pub(crate) type Dialled = BoxFuture<'static, Result<Connection, Failure>>;

pub(crate) trait Dial: Send + Sync {
    /// Makes a connection to the origin of `uri`. Begins before it is awaited.
    fn dial(&self, uri: &Uri) -> Dialled;
}

/// Dials by means of a connector.
pub(crate) struct Dialler<C>(Watched<WithHeads<C>>);

impl<C> Dialler<C> {
    pub(crate) fn new(connector: C) -> Self {
        Self(Watched(WithHeads(connector)))
    }
}

impl<C> Dial for Dialler<C>
where
    Watched<WithHeads<C>>: Service<Uri, Error = BoxError> + Clone + Send + Sync,
    <Watched<WithHeads<C>> as Service<Uri>>::Response:
        connect::Connection + rt::Read + rt::Write + Send + Unpin + 'static,
    <Watched<WithHeads<C>> as Service<Uri>>::Future: Send + 'static,
{
    fn dial(&self, uri: &Uri) -> Dialled {
        // A copy, because a service is called by one at a time. The connectors of the engine are always ready.
        let link = self.0.clone().call(origin(uri));
        async move { begin(link.await.map_err(Failure::Connect)?).await.map_err(Failure::Handshake) }.boxed()
    }
}

/// `uri` without its path, which is no connector's business.
fn origin(uri: &Uri) -> Uri {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_static("/"));
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

async fn begin<L>(link: L) -> hyper::Result<Connection>
where
    L: connect::Connection + rt::Read + rt::Write + Send + Unpin + 'static,
{
    let connected = link.connected();
    let mut extras = Extensions::new();
    connected.get_extras(&mut extras);
    let sender = if connected.is_negotiated_h2() { http2(link).await? } else { http1(link).await? };
    let link = extras.remove::<LinkHandle>().unwrap_or_default();
    Ok(Connection { sender, link, forwarded: connected.is_proxied() })
}

async fn http2<L>(link: L) -> hyper::Result<Sender>
where
    L: rt::Read + rt::Write + Send + Unpin + 'static,
{
    let mut settings = http2::Builder::new(TokioExecutor::new());
    configure(&mut settings);
    let (mut sender, connection) = settings.handshake::<_, OutgoingBody>(link).await?;
    tokio::spawn(connection);
    sender.ready().await?;
    Ok(Sender::Http2(sender))
}

async fn http1<L>(link: L) -> hyper::Result<Sender>
where
    L: rt::Read + rt::Write + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(READ_BUFFER)
        .max_headers(MOST_FIELDS)
        .allow_obsolete_multiline_headers_in_responses(true)
        .handshake::<_, OutgoingBody>(link)
        .await?;
    let (failed, failure) = oneshot::channel();
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            // An error means that the connection has taken a request, which gets an error of its own.
            let _ = failed.send(error);
        }
    });
    match sender.ready().await {
        Ok(()) => Ok(Sender::Http1(sender)),
        // The connection's own error says more.
        Err(closed) => Err(failure.await.unwrap_or(closed)),
    }
}

/// Node's number. hyper makes room for all of them before it reads a head.
const MOST_FIELDS: usize = 2000;

/// The most that a connection reads at once. A part of a body keeps the whole buffer that it was read into: with hyper's
/// 400 KiB a stream of 512 MB held 60 MB more.
const READ_BUFFER: usize = 64 * 1024;
