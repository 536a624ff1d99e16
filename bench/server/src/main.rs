//! The server the benchmarks run against.
//!
//! It exists so that the measured side is the client: one thread, hyper, answers made once at start.
//! Invariant: every 200 outside `/token` and `/control` was asked for with the current access token of a session.
//!
//! Prints one JSON line, `{http, https, ca}`, and runs until its standard input closes.

mod sessions;
mod tls;

use std::convert::Infallible;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpListener;

use crate::sessions::{Pair, Sessions};

type Answer = Response<Full<Bytes>>;

/// Far above any body a benchmark sends, far below what would hurt the machine.
const MAX_BODY: usize = 16 * 1024 * 1024;

struct App {
    sessions: Mutex<Sessions>,
    small: Bytes,
    large: Bytes,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = Arc::new(App { sessions: Mutex::default(), small: small_json(), large: large_json() });
    let (acceptor, ca) = tls::acceptor()?;
    let plain = TcpListener::bind(("127.0.0.1", 0)).await?;
    let secure = TcpListener::bind(("127.0.0.1", 0)).await?;

    let (http, https) = (plain.local_addr()?, secure.local_addr()?);
    let line = json!({ "http": format!("http://{http}"), "https": format!("https://{https}"), "ca": ca });
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{line}")?;
    stdout.flush()?;

    let plain_app = Arc::clone(&app);
    tokio::spawn(async move {
        while let Ok((stream, _)) = plain.accept().await {
            stream.set_nodelay(true).ok();
            tokio::spawn(serve(stream, Arc::clone(&plain_app)));
        }
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = secure.accept().await {
            stream.set_nodelay(true).ok();
            let (acceptor, app) = (acceptor.clone(), Arc::clone(&app));
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, app).await;
                }
            });
        }
    });

    let mut ignored = [0; 64];
    let mut stdin = tokio::io::stdin();
    while stdin.read(&mut ignored).await? > 0 {}
    Ok(())
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, app: Arc<App>) {
    let service = service_fn(|request| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Infallible>(route(&app, request).await) }
    });
    // A client that goes away in mid-request is the client's business.
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
}

async fn route(app: &Arc<App>, request: Request<Incoming>) -> Answer {
    let path = request.uri().path();
    if path == "/token" {
        return token(app, request).await;
    }
    if path.starts_with("/control/") {
        return control(app, &request);
    }
    let bearer = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if !app.lock().admits(bearer) {
        return answer(StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_token" }));
    }
    match (request.method(), path) {
        (&Method::GET, "/small") => json_body(app.small.clone()),
        (&Method::GET, "/json16k") => json_body(app.large.clone()),
        (&Method::POST, "/echo") => echo(request).await,
        _ => answer(StatusCode::NOT_FOUND, &json!({ "error": "not_found" })),
    }
}

async fn echo(request: Request<Incoming>) -> Answer {
    let kind = request.headers().get(CONTENT_TYPE).cloned();
    let Some(body) = read(request).await else {
        return answer(StatusCode::PAYLOAD_TOO_LARGE, &json!({ "error": "too_large" }));
    };
    let mut response = Response::new(Full::new(body));
    if let Some(kind) = kind {
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    response
}

/// The token endpoint: a refresh token works once, and one that comes twice ends its session.
async fn token(app: &Arc<App>, request: Request<Incoming>) -> Answer {
    let ttl = query(&request, "ttl").and_then(|ttl| ttl.parse().ok()).map(Duration::from_millis);
    let body = read(request).await.unwrap_or_default();
    let refresh = serde_json::from_slice::<Value>(&body).map_or_else(
        |_| form_field(&body, "refresh_token"),
        |json| json["refresh_token"].as_str().map(str::to_owned),
    );
    let Some(pair) = app.lock().rotate(&refresh.unwrap_or_default()) else {
        return answer(StatusCode::BAD_REQUEST, &json!({ "error": "invalid_grant" }));
    };
    let mut fields = fields(&pair);
    if let Some(ttl) = ttl {
        fields["expires_in"] = json!(ttl.as_secs_f64());
        let app = Arc::clone(app);
        tokio::spawn(async move {
            tokio::time::sleep(ttl).await;
            app.lock().expire_token(pair.session, &pair.access);
        });
    }
    answer(StatusCode::OK, &fields)
}

/// `login` starts a session; `expire` and `stats` take `?session=`.
fn control(app: &App, request: &Request<Incoming>) -> Answer {
    let session = query(request, "session").and_then(|id| id.parse().ok());
    let mut sessions = app.lock();
    let found = match (request.uri().path(), session) {
        ("/control/login", _) => Some(fields(&sessions.login())),
        ("/control/expire", Some(id)) => sessions.expire(id).map(|()| json!({})),
        ("/control/stats", Some(id)) => sessions.stats(id),
        _ => None,
    };
    found.map_or_else(
        || answer(StatusCode::NOT_FOUND, &json!({ "error": "not_found" })),
        |fields| answer(StatusCode::OK, &fields),
    )
}

fn fields(pair: &Pair) -> Value {
    json!({
        "session": pair.session, "token_type": "Bearer",
        "access_token": pair.access, "refresh_token": pair.refresh,
    })
}

fn query(request: &Request<Incoming>, name: &str) -> Option<String> {
    form_field(request.uri().query()?.as_bytes(), name)
}

fn form_field(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

async fn read(request: Request<Incoming>) -> Option<Bytes> {
    Some(Limited::new(request.into_body(), MAX_BODY).collect().await.ok()?.to_bytes())
}

fn answer(status: StatusCode, fields: &Value) -> Answer {
    let mut response = json_body(fields.to_string().into());
    *response.status_mut() = status;
    response
}

fn json_body(body: Bytes) -> Answer {
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// About 100 bytes.
fn small_json() -> Bytes {
    let fields = json!({
        "id": 4711, "name": "Ada Lovelace", "email": "ada@example.test", "active": true, "tags": ["a", "b", "c"],
    });
    fields.to_string().into()
}

/// About 16 KB: a page of records, the shape an API's list endpoint answers with.
fn large_json() -> Bytes {
    let record = |id: u32| {
        json!({
            "id": id, "name": format!("Customer {id}"), "email": format!("customer{id}@example.test"),
            "balance": f64::from(id) * 1.25, "active": !id.is_multiple_of(3), "tags": ["alpha", "beta", "gamma"],
            "address": { "street": format!("{id} Main Street"), "city": "Springfield", "zip": "12345" },
        })
    };
    json!({ "items": (1000..1078).map(record).collect::<Vec<_>>(), "next": null }).to_string().into()
}

impl App {
    fn lock(&self) -> std::sync::MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
