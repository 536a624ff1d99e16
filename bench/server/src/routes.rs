//! Which path does what.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, Request, StatusCode, Version};
use serde_json::{Value, json};

use crate::App;
use crate::answers::{Answer, answer, full, gzip_body, json_body, streamed};
use crate::repeat::Repeat;
use crate::sessions::Pair;

/// Far above any body a benchmark sends to be kept, far below what would hurt the machine.
const MAX_BODY: usize = 16 * 1024 * 1024;

pub(crate) async fn route(app: &Arc<App>, request: Request<Incoming>) -> Answer {
    let path = request.uri().path();
    if path == "/token" {
        return token(app, request).await;
    }
    if path.starts_with("/control/") {
        return control(app, &request);
    }
    let bearer = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if !app.lock().admits(bearer, request.version() == Version::HTTP_2) {
        return answer(StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_token" }));
    }
    match (request.method(), path) {
        (&Method::GET, "/small") => json_body(app.content.small.clone()),
        (&Method::GET, "/json16k") => json_body(app.content.large.clone()),
        (&Method::GET, "/gzip16k") => gzip_body(app.content.large_gzip.clone()),
        (&Method::GET, "/stream") => stream(&request),
        (&Method::POST, "/sink") => sink(request).await,
        (&Method::POST, "/echo") => echo(request).await,
        _ => answer(StatusCode::NOT_FOUND, &json!({ "error": "not_found" })),
    }
}

/// `?bytes=`: a body of that length.
fn stream(request: &Request<Incoming>) -> Answer {
    query(request, "bytes").and_then(|bytes| bytes.parse().ok()).map_or_else(
        || answer(StatusCode::BAD_REQUEST, &json!({ "error": "bytes" })),
        |bytes| streamed(Repeat::new(bytes)),
    )
}

/// Counts what comes and keeps none of it.
async fn sink(request: Request<Incoming>) -> Answer {
    let mut body = request.into_body();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes += frame.data_ref().map_or(0, Bytes::len),
            Err(_) => return answer(StatusCode::BAD_REQUEST, &json!({ "error": "body" })),
        }
    }
    answer(StatusCode::OK, &json!({ "bytes": bytes }))
}

async fn echo(request: Request<Incoming>) -> Answer {
    let kind = request.headers().get(CONTENT_TYPE).cloned();
    let Some(body) = read(request).await else {
        return answer(StatusCode::PAYLOAD_TOO_LARGE, &json!({ "error": "too_large" }));
    };
    let mut response = full(body);
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

/// `login` starts a session, `logins` as many as `?count=` says; `expire` and `stats` take `?session=`.
fn control(app: &App, request: &Request<Incoming>) -> Answer {
    let session = query(request, "session").and_then(|id| id.parse().ok());
    let mut sessions = app.lock();
    let found = match (request.uri().path(), session) {
        ("/control/login", _) => Some(fields(&sessions.login())),
        ("/control/logins", _) => query(request, "count")
            .and_then(|count| count.parse().ok())
            .map(|count: usize| (0..count).map(|_| fields(&sessions.login())).collect()),
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
