//! Targets for fuzzing: URLs of proxies, and what a proxy answers.

use std::future::Future;
use std::io::Cursor;

use http::Uri;
use hyper_util::rt::TokioIo;

use super::{Proxies, ProxyOptions, TlsOptions, socks as over_socks, tunnel as over_http};
use crate::http::connect::link::Link;

/// A URL, a line's end, and exceptions. A proxy that is taken is never gone around.
pub(crate) fn proxy_url(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (url, except) = text.split_once('\n').unwrap_or((&text, ""));
    // A proxy over TLS reads the system's authorities each time.
    if url.trim_ascii().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("https")) {
        return;
    }
    let options =
        ProxyOptions { http: url.into(), https: url.into(), except: except.into(), loopback: false };
    let Ok(proxies) = Proxies::new(&options, &TlsOptions::default()) else { return };
    let origin = Uri::from_static("http://api.example:8080/");
    let _url = proxies.url_of(&origin);
    let name = proxies.name_of(&origin);
    assert!(url.is_empty() || !except.is_empty() || name.is_some(), "the proxy is gone around");
}

/// The answers of a SOCKS proxy. The first byte says whether the client has a password.
pub(crate) fn socks(bytes: &[u8]) {
    let Some((choice, answers)) = bytes.split_first() else { return };
    let credentials = (choice & 1 == 1).then_some(("user", "password"));
    finish(async {
        let _link = over_socks::tunnel(link(answers), &origin(), credentials, false).await;
    });
}

/// The answer to CONNECT.
pub(crate) fn tunnel(bytes: &[u8]) {
    finish(async {
        let _link = over_http::connect(link(bytes), &origin(), None).await;
    });
}

fn origin() -> Uri {
    Uri::from_static("https://api.example/")
}

/// A link from which these bytes come, and then its end.
fn link(answers: &[u8]) -> Link {
    Link::new(TokioIo::new(tokio::io::join(Cursor::new(answers.to_vec()), tokio::io::sink())))
}

fn finish(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(work);
}
