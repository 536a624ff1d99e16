//! Where Redis is, by options that may change. They are read again for each connection.
//!
//! Invariant: options that are values, and cannot be used, are found when the register is made.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::RedisResult;
use redis::aio::PubSub;

use crate::error::Error;
use crate::lock::Lock;
use crate::secret::Secret;
use crate::source::{Live, Source, Unfit};
use crate::store::redis::layout::RedisLayout;
use crate::store::redis::place::{Connection, Place, Texts};

#[derive(Clone)]
pub struct RedisOptions {
    /// With user and password. Several, separated by white space, are the nodes of a cluster, or the sentinels.
    pub url: Source,
    pub layout: RedisLayout,
    /// Before every key and channel.
    pub prefix: String,
    pub tls: RedisTls,
    /// For each command, with the connecting that it may need.
    pub timeout: Duration,
}

/// PEM.
#[derive(Clone, Default)]
pub struct RedisTls {
    /// The only trusted authorities. None: Mozilla's.
    pub ca: Option<Source>,
    pub cert: Option<Source>,
    pub key: Option<Source>,
}

/// Displays as the subject of a sentence.
pub(super) struct Target {
    place: Live<Place>,
    layout: RedisLayout,
    /// The last one that was read.
    known: Lock<Option<Arc<Place>>>,
}

impl Target {
    pub(super) fn new(options: &RedisOptions) -> Result<Self, Error> {
        let RedisOptions { url, layout, prefix: _, tls: RedisTls { ca, cert, key }, timeout } =
            options.clone();
        let given = [
            ("store.url", Some(url)),
            ("store.tls.ca", ca),
            ("store.tls.cert", cert),
            ("store.tls.key", key),
        ];
        let given = given.into_iter().filter_map(|(name, source)| Some((name, source?)));
        let (names, sources): (Vec<_>, Vec<_>) = given.unzip();
        let parse = {
            let (names, layout) = (names.clone(), layout.clone());
            move |texts: &[Secret]| place(&names, texts, &layout, timeout)
        };
        let place = Live::of(sources, parse);
        let known = place.check().map_err(|unfit| Error::invalid_option(names[unfit.at], unfit.problem))?;
        Ok(Self { place, layout, known: Lock::new(known) })
    }

    pub(super) async fn connect(&self) -> RedisResult<Connection> {
        self.newest().await?.connect().await
    }

    pub(super) async fn subscribe(&self) -> RedisResult<PubSub> {
        self.newest().await?.subscribe().await
    }

    async fn newest(&self) -> RedisResult<Arc<Place>> {
        match self.place.get().await {
            Ok(place) => {
                *self.known.lock() = Some(Arc::clone(&place));
                Ok(place)
            }
            // The crate carries the error to `fault`.
            Err(error) => self.known.lock().clone().ok_or_else(|| io::Error::other(error).into()),
        }
    }

    /// The name of the master. Empty without sentinels.
    pub(super) fn master(&self) -> &str {
        match &self.layout {
            RedisLayout::Sentinel { master } => master,
            _ => "",
        }
    }
}

fn place(
    names: &[&'static str],
    texts: &[Secret],
    layout: &RedisLayout,
    timeout: Duration,
) -> Result<Place, Unfit> {
    let text = |name: &str| {
        let at = names.iter().position(|given| *given == name)?;
        Some(texts[at].expose().to_owned())
    };
    let urls = text("store.url").unwrap_or_default();
    let made = Place::new(&Texts {
        urls: urls.split_ascii_whitespace().map(str::to_owned).collect(),
        layout: layout.clone(),
        ca: text("store.tls.ca"),
        cert: text("store.tls.cert"),
        key: text("store.tls.key"),
        timeout,
    });
    made.map_err(|error| match error {
        Error::InvalidOption { option, problem } => {
            Unfit { at: names.iter().position(|name| *name == option).unwrap_or(0), problem }
        }
        other => Unfit { at: 0, problem: other.to_string().into() },
    })
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.known.lock() {
            Some(place) => place.fmt(f),
            None => f.write_str("Redis"),
        }
    }
}
