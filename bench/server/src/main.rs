//! The server the benchmarks run against.
//!
//! It exists so that the measured side is the client: one thread, hyper, answers made once at start.
//! Invariant: every 200 outside `/token` and `/control` was asked for with the current access token of a session.
//!
//! Prints one JSON line, `{http, https, h2, ca}`, and runs until its standard input closes. `http` and `https` speak
//! HTTP/1.1 only; `h2` is a second TLS port that offers HTTP/2 first.

mod answers;
mod repeat;
mod routes;
mod sessions;
mod tls;

use std::convert::Infallible;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::answers::Content;
use crate::sessions::Sessions;

struct App {
    sessions: Mutex<Sessions>,
    content: Content,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = Arc::new(App { sessions: Mutex::default(), content: Content::new()? });
    let identity = tls::Identity::new()?;
    let plain = TcpListener::bind(("127.0.0.1", 0)).await?;
    let secure = TcpListener::bind(("127.0.0.1", 0)).await?;
    let second = TcpListener::bind(("127.0.0.1", 0)).await?;

    let line = json!({
        "http": format!("http://{}", plain.local_addr()?),
        "https": format!("https://{}", secure.local_addr()?),
        "h2": format!("https://{}", second.local_addr()?),
        "ca": identity.ca,
    });
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{line}")?;
    stdout.flush()?;

    tokio::spawn(listen(plain, None, Arc::clone(&app)));
    tokio::spawn(listen(secure, Some(identity.acceptor(&["http/1.1"])?), Arc::clone(&app)));
    tokio::spawn(listen(second, Some(identity.acceptor(&["h2", "http/1.1"])?), app));

    let mut ignored = [0; 64];
    let mut stdin = tokio::io::stdin();
    while stdin.read(&mut ignored).await? > 0 {}
    Ok(())
}

async fn listen(listener: TcpListener, acceptor: Option<TlsAcceptor>, app: Arc<App>) {
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).ok();
        let app = Arc::clone(&app);
        let Some(acceptor) = acceptor.clone() else {
            tokio::spawn(serve(stream, false, app));
            continue;
        };
        tokio::spawn(async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                serve(stream, http2, app).await;
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, http2: bool, app: Arc<App>) {
    let service = service_fn(move |request| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Infallible>(routes::route(&app, request).await) }
    });
    let stream = TokioIo::new(stream);
    // A client that goes away in mid-request is the client's business.
    if http2 {
        http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service).await.ok();
    } else {
        http1::Builder::new().serve_connection(stream, service).await.ok();
    }
}

impl App {
    fn lock(&self) -> std::sync::MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
