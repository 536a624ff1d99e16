//! Servers for this module's tests, written by hand because no library makes the mistakes that they have to make.
//!
//! Invariant: nothing here waits for a time; a test that hangs has found something.

pub(crate) mod connector;
pub(crate) mod http2;
pub(crate) mod tls;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::error::Error;
use crate::http::{
    HyperTransport, Limits, Payload, RedirectMode, Response, Rules, Statuses, TlsOptions, TransportOptions,
    WireRequest,
};

/// The requests that a [`Server`] got, in order.
pub(crate) struct Server {
    pub(crate) url: Url,
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
    pub(crate) connections: Arc<Mutex<usize>>,
}

impl Server {
    /// Answers the n-th request with the n-th answer, on as many connections as come one after the other.
    pub(crate) async fn answering(answers: Vec<Vec<u8>>) -> Self {
        let (listener, url) = listen().await;
        let requests = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(Mutex::new(0));
        let server = Self { url, requests: Arc::clone(&requests), connections: Arc::clone(&connections) };
        tokio::spawn(async move {
            let mut answers = answers.into_iter();
            while let Ok((mut stream, _)) = listener.accept().await {
                *connections.lock().unwrap() += 1;
                while let Some(request) = read_request(&mut stream).await {
                    requests.lock().unwrap().push(request);
                    let Some(answer) = answers.next() else { return };
                    let _ = stream.write_all(&answer).await;
                }
            }
        });
        server
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        self.url.join(path).unwrap()
    }

    pub(crate) fn request(&self, index: usize) -> String {
        self.requests.lock().unwrap()[index].clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

pub(crate) async fn listen() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    (listener, url)
}

/// A head and as much body as its content-length says; `None` if the client left.
pub(crate) async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut text = Vec::new();
    loop {
        if let Some(end) = text.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(text[..end].to_vec()).unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if text.len() >= end + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap()) {
                return Some(String::from_utf8(text).unwrap());
            }
        }
        if stream.read_buf(&mut text).await.ok()? == 0 {
            return None;
        }
    }
}

pub(crate) fn transport() -> HyperTransport {
    HyperTransport::new(&TransportOptions { idle_per_origin: 4, ..TransportOptions::default() }).unwrap()
}

pub(crate) fn rules() -> Rules {
    let limits = Limits {
        size: 64 * 1024,
        time: Duration::from_secs(30),
        whole_up_to: 256 * 1024,
        patience: Duration::from_millis(5),
    };
    let judged = Statuses::default();
    Rules { redirect: RedirectMode::SameOrigin, max_redirects: 20, limits, allow_insecure: false, judged }
}

/// The answer with its body in one piece.
pub(crate) async fn whole(answer: Result<Box<Response>, Error>) -> Result<Box<Response>, Error> {
    let mut response = answer?;
    if let Some(download) = response.download.take() {
        response.body = download.collect().await?;
    }
    Ok(response)
}

pub(crate) fn get(url: Url) -> WireRequest {
    WireRequest { method: Method::GET, url, headers: HeaderMap::new(), body: Payload::default() }
}

pub(crate) fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let header = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
    pairs.iter().map(header).collect()
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            idle_per_origin: 0,
            tls: TlsOptions::default(),
            http2: true,
            socket_path: None,
            proxy: None,
            allow_insecure: false,
        }
    }
}

impl Payload {
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Stream(_) => panic!("a stream"),
        }
    }
}
