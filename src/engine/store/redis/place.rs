//! Where Redis is at one moment, and how to connect to it. Clients of the `redis` crate are made here and nowhere else.
//!
//! Invariant: an error names the option, and holds no user and no password.

use std::fmt;
use std::time::Duration;

use redis::aio::{MultiplexedConnection, PubSub};
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind,
    FromRedisValue, IntoConnectionInfo, RedisResult, TlsCertificates, TlsMode,
};
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;

use crate::error::Error;
use crate::pem;
use crate::store::redis::layout::RedisLayout;

/// The texts of the options at one moment. There is no `Debug`, because it would print the password.
pub(super) struct Texts {
    /// With user and password. Several are the nodes of a cluster, or the sentinels.
    pub(super) urls: Vec<String>,
    pub(super) layout: RedisLayout,
    pub(super) ca: Option<String>,
    pub(super) cert: Option<String>,
    pub(super) key: Option<String>,
    pub(super) timeout: Duration,
}

/// Displays as the subject of a sentence.
pub(super) struct Place {
    nodes: Vec<ConnectionInfo>,
    layout: RedisLayout,
    certificates: Option<TlsCertificates>,
    timeout: Duration,
}

#[derive(Clone)]
pub(super) enum Connection {
    Node(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    pub(super) async fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        match self {
            Self::Node(node) => command.query_async(node).await,
            Self::Cluster(cluster) => command.query_async(cluster).await,
        }
    }
}

impl Place {
    pub(super) fn new(texts: &Texts) -> Result<Self, Error> {
        let nodes = texts.urls.iter().map(|url| node(url)).collect::<Result<Vec<_>, _>>()?;
        let [first, others @ ..] = &nodes[..] else {
            return Err(Error::invalid_option("store.url", "names no server"));
        };
        if texts.layout == RedisLayout::Single && !others.is_empty() {
            return Err(Error::invalid_option(
                "store.url",
                "has several servers, which needs cluster or sentinel",
            ));
        }
        if others.iter().any(|node| !same_login(node, first)) {
            return Err(Error::invalid_option(
                "store.url",
                "must have the same scheme, user, password and database for all servers",
            ));
        }
        let place = Self {
            certificates: certificates(texts, is_encrypted(first))?,
            layout: texts.layout.clone(),
            timeout: texts.timeout,
            nodes,
        };
        let made = match &place.layout {
            RedisLayout::Single => place.client(&place.nodes[0]).map(drop),
            RedisLayout::Cluster => place.cluster().map(drop),
            RedisLayout::Sentinel { master } => {
                place.sentinel(master, true).and_then(SentinelClientBuilder::build).map(drop)
            }
        };
        made.map_err(|_| Error::invalid_option("store.url", "cannot be used with cluster or sentinel"))?;
        Ok(place)
    }

    pub(super) async fn connect(&self) -> RedisResult<Connection> {
        if self.layout == RedisLayout::Cluster {
            return Ok(Connection::Cluster(self.cluster()?.get_async_connection().await?));
        }
        // The deadline of the command holds for all of it.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let client = self.serving().await?;
        Ok(Connection::Node(client.get_multiplexed_async_connection_with_config(&config).await?))
    }

    pub(super) async fn subscribe(&self) -> RedisResult<PubSub> {
        if self.layout != RedisLayout::Cluster {
            return self.serving().await?.get_async_pubsub().await;
        }
        // Every node of a cluster tells of what is published at any of them.
        let start = rand::random_range(0..self.nodes.len());
        let mut listening = Err((ErrorKind::Io, "no node was asked").into());
        for node in self.nodes.iter().cycle().skip(start).take(self.nodes.len()) {
            listening = self.client(node)?.get_async_pubsub().await;
            if listening.is_ok() {
                break;
            }
        }
        listening
    }

    /// The server, or the master that the sentinels name at this moment.
    async fn serving(&self) -> RedisResult<Client> {
        let RedisLayout::Sentinel { master } = &self.layout else { return self.client(&self.nodes[0]) };
        let found = self.sentinel(master, true)?.build()?.async_get_client().await;
        if found.is_ok() || self.nodes[0].redis_settings().password().is_none() {
            return found;
        }
        // Sentinels may be without the password that their servers have, and then refuse a login.
        self.sentinel(master, false)?.build()?.async_get_client().await.or(found)
    }

    fn client(&self, node: &ConnectionInfo) -> RedisResult<Client> {
        match &self.certificates {
            Some(certificates) => Client::build_with_tls(node.clone(), certificates.clone()),
            None => Client::open(node.clone()),
        }
    }

    fn cluster(&self) -> RedisResult<ClusterClient> {
        // A command goes to another node a few times, while slots move or a node is replaced. Then the user gets to know.
        let builder =
            ClusterClientBuilder::new(self.nodes.clone()).retries(4).min_retry_wait(10).max_retry_wait(100);
        // All nodes of `url` are connected to before the first command: one that does not answer must leave time for it.
        let builder = builder.connection_timeout(self.timeout / 3).response_timeout(self.timeout);
        let builder = builder.tcp_settings(tcp());
        match &self.certificates {
            Some(certificates) => builder.certs(certificates.clone()).build(),
            None => builder.build(),
        }
    }

    /// `login`: true if the sentinels get user and password as the servers do.
    fn sentinel(&self, master: &str, login: bool) -> RedisResult<SentinelClientBuilder> {
        let mut addresses: Vec<ConnectionAddr> = self.nodes.iter().map(|node| node.addr().clone()).collect();
        // Another one first each time, because one that does not answer may take all the time.
        addresses.rotate_left(rand::random_range(0..self.nodes.len()));
        let settings = self.nodes[0].redis_settings();
        let mut builder = SentinelClientBuilder::new(addresses, master, SentinelServerType::Master)?
            .set_client_to_redis_db(settings.db())
            .set_client_to_redis_tcp_settings(tcp())
            .set_client_to_sentinel_tcp_settings(tcp());
        if is_encrypted(&self.nodes[0]) {
            builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
        }
        if let Some(certificates) = &self.certificates {
            builder = builder
                .set_client_to_redis_certificates(certificates.clone())
                .set_client_to_sentinel_certificates(certificates.clone());
        }
        if let Some(user) = settings.username() {
            builder = builder.set_client_to_redis_username(user);
            builder = if login { builder.set_client_to_sentinel_username(user) } else { builder };
        }
        if let Some(password) = settings.password() {
            builder = builder.set_client_to_redis_password(password);
            builder = if login { builder.set_client_to_sentinel_password(password) } else { builder };
        }
        Ok(builder)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.layout {
            RedisLayout::Single => "Redis at ",
            RedisLayout::Cluster => "the Redis cluster at ",
            RedisLayout::Sentinel { .. } => "Redis behind the sentinels at ",
        })?;
        for (n, node) in self.nodes.iter().enumerate() {
            write!(f, "{}{}", if n == 0 { "" } else { ", " }, node.addr())?;
        }
        Ok(())
    }
}

fn tcp() -> TcpSettings {
    // Else Nagle's algorithm holds a command back until the one before it is answered.
    TcpSettings::default().set_nodelay(true)
}

fn node(url: &str) -> Result<ConnectionInfo, Error> {
    let refused = |problem: &'static str| Error::invalid_option("store.url", problem);
    let parsed = redis::parse_redis_url(url).filter(|url| url.fragment().is_none());
    let node = parsed.and_then(|url| url.into_connection_info().ok());
    let node = node.ok_or_else(|| {
        refused("must be redis://user:password@host:port/database, or rediss:// for TLS; all but the host may be left out")
    })?;
    Ok(node.set_tcp_settings(tcp()))
}

fn is_encrypted(node: &ConnectionInfo) -> bool {
    matches!(node.addr(), ConnectionAddr::TcpTls { .. })
}

fn same_login(one: &ConnectionInfo, other: &ConnectionInfo) -> bool {
    let login = |node: &ConnectionInfo| {
        let settings = node.redis_settings();
        (settings.username().map(str::to_owned), settings.password().map(str::to_owned), settings.db())
    };
    is_encrypted(one) == is_encrypted(other) && login(one) == login(other)
}

fn certificates(texts: &Texts, encrypted: bool) -> Result<Option<TlsCertificates>, Error> {
    let Texts { ca, cert, key, .. } = texts;
    if ca.is_none() && cert.is_none() && key.is_none() {
        return Ok(None);
    }
    if !encrypted {
        let option = match (ca, cert) {
            (Some(_), _) => "store.tls.ca",
            (None, Some(_)) => "store.tls.cert",
            (None, None) => "store.tls.key",
        };
        return Err(Error::invalid_option(option, "needs rediss:// in store.url"));
    }
    if let Some(ca) = ca {
        let mut roots = RootCertStore::empty();
        let refused = |problem: &'static str| Error::invalid_option("store.tls.ca", problem);
        for certificate in pem::certificates(ca).map_err(refused)? {
            roots.add(certificate).map_err(|_| refused("is not made of X.509 certificates"))?;
        }
    }
    let client_tls = match (cert, key) {
        (None, None) => None,
        (Some(cert), Some(key)) => {
            let refused = |option| move |problem: &'static str| Error::invalid_option(option, problem);
            let chain = pem::certificates(cert).map_err(refused("store.tls.cert"))?;
            let private = pem::private_key(key).map_err(refused("store.tls.key"))?;
            CertifiedKey::from_der(chain, private, &aws_lc_rs::default_provider()).map_err(|_| {
                Error::invalid_option("store.tls.cert", "and store.tls.key do not belong together")
            })?;
            Some(ClientTlsConfig { client_cert: cert.clone().into(), client_key: key.clone().into() })
        }
        (Some(_), None) => {
            return Err(Error::invalid_option("store.tls.cert", "needs store.tls.key beside it"));
        }
        (None, Some(_)) => {
            return Err(Error::invalid_option("store.tls.key", "needs store.tls.cert beside it"));
        }
    };
    Ok(Some(TlsCertificates { client_tls, root_cert: ca.clone().map(String::into_bytes) }))
}
