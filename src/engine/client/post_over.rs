//! How grants reach an authorization server over a transport of the user's own, so that a network which is mocked or blocked is
//! so for the token endpoint too. [`AuthorizationServer`](super::AuthorizationServer) is the way over the engine's own network.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use ::http::Method;
use ::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::time::timeout;
use url::Url;

use super::authorization_server::{FORM, JSON, METADATA_WITHIN, MOST_BYTES};
use super::authorization_server::{challenge, check_endpoint, encoded};
use crate::clock;
use crate::error::{Error, Phase};
use crate::grant::{Answer, Form, NotAnswered, Post};
use crate::http::retry::retry_after;
use crate::http::{Payload, Transport, WireBody, WireRequest};
use crate::secret::Secret;

pub struct PostOver {
    transport: Arc<dyn Transport>,
    allow_insecure: bool,
    /// Of a form, from its first step to the end of its answer.
    deadline: Duration,
}

impl PostOver {
    pub fn new(transport: Arc<dyn Transport>, allow_insecure: bool, deadline: Duration) -> Self {
        Self { transport, allow_insecure, deadline }
    }

    async fn ask(&self, request: WireRequest, deadline: Duration) -> Result<Answer, NotAnswered> {
        let allowed = check_endpoint(&request.url, self.allow_insecure);
        allowed.map_err(|error| NotAnswered { sent: false, error })?;
        let late = Error::Timeout { phase: Phase::Response, after: deadline };
        let answer = timeout(deadline, self.exchange(&request)).await.unwrap_or(Err(late));
        answer.map_err(|error| NotAnswered {
            sent: !matches!(error, Error::Transport { unsent: true, .. }),
            error,
        })
    }

    async fn exchange(&self, request: &WireRequest) -> Result<Answer, Error> {
        let response = self.transport.send(request).await?;
        let (status, headers) = (response.status.as_u16(), &response.headers);
        let text = |name: HeaderName| Some(headers.get(name)?.to_str().ok()?.to_owned());
        let answer = Answer {
            status,
            retry_after: retry_after(headers, clock::wall_ms()),
            dpop_nonce: text(HeaderName::from_static("dpop-nonce")),
            challenge: challenge(headers),
            content_type: text(CONTENT_TYPE),
            body: Secret::new(String::new()),
        };
        let body = match whole(response.body).await {
            Ok(body) => body,
            // The status says all that counts.
            Err(_) if status == 429 || status >= 500 => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(Answer { body: Secret::new(String::from_utf8_lossy(&body).into_owned()), ..answer })
    }
}

impl Post for PostOver {
    fn post(&self, form: Form) -> BoxFuture<'_, Result<Answer, NotAnswered>> {
        let Form { url, headers, fields, permit } = form;
        let mut request = request(Method::POST, url);
        request.headers.insert(CONTENT_TYPE, FORM);
        request.headers.extend(headers);
        request.body = Bytes::from(encoded(&fields)).into();
        // Looked at last, because the lease may have been lost meanwhile (rule 7.3).
        if !permit.holds() {
            let error = Error::Transport { cause: None, unsent: true, may_pass: true };
            return Box::pin(ready(Err(NotAnswered { sent: false, error })));
        }
        Box::pin(self.ask(request, self.deadline))
    }

    fn get(&self, url: Url) -> BoxFuture<'_, Result<Answer, NotAnswered>> {
        Box::pin(self.ask(request(Method::GET, url), self.deadline.min(METADATA_WITHIN)))
    }
}

fn request(method: Method, url: Url) -> WireRequest {
    let headers = HeaderMap::from_iter([(ACCEPT, JSON)]);
    WireRequest { method, url, headers, body: Payload::default() }
}

/// Empty if there is more of it than a token endpoint sends.
async fn whole(mut body: WireBody) -> Result<Vec<u8>, Error> {
    let mut read = Vec::new();
    while let Some(chunk) = body.chunk().await? {
        if read.len() + chunk.len() > MOST_BYTES {
            return Ok(Vec::new());
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read)
}
