//! Asks a SOCKS proxy for a tunnel to an origin: version 5 (RFC 1928), with a user name and password (RFC 1929) if the
//! option `proxy` has them. hyper-util's own SOCKS looks names up with blocking calls, which would stop the engine's thread.
//!
//! Invariant: only the proxy's answers are read; the bytes behind them belong to the origin.

use std::io;
use std::net::IpAddr;

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::fault::Fault;
use crate::http::connect::link::Link;
use crate::http::connect::resolve::Resolver;
use crate::http::host;

/// The longest name, user name or password, because its length is one byte.
pub(crate) const LONGEST: usize = 255;

/// A tunnel to `origin` through the SOCKS proxy at the other end of `link`.
pub(crate) async fn tunnel(
    link: Link,
    origin: &Uri,
    credentials: Option<(&str, &str)>,
    local_names: bool,
) -> Result<Link, Fault> {
    let name = host::without_brackets(origin.host().unwrap_or_default());
    let port = host::port(origin).unwrap_or_default();
    let address = if local_names {
        let found = Resolver::default().look_up(name.to_owned()).await;
        let mut found = found.map_err(|error| error.downcast().unwrap_or(Fault::ProxyNotAsked))?;
        Ok(found.next().ok_or(Fault::ProxyNotAsked)?.ip())
    } else {
        name.parse()
    };
    let mut proxy = TokioIo::new(link);
    let method = if credentials.is_some() { USER_AND_PASSWORD } else { NOTHING };
    send(&mut proxy, &[VERSION, 1, method]).await?;
    match receive(&mut proxy).await? {
        [VERSION, chosen] if chosen == method => {}
        [VERSION, NONE_OF_THEM] => return Err(Fault::ProxyLoginMethod),
        _ => return Err(Fault::NotSocks),
    }
    if let Some((user, password)) = credentials {
        let mut login = vec![LOGIN_VERSION];
        text(&mut login, user)?;
        text(&mut login, password)?;
        send(&mut proxy, &login).await?;
        match receive(&mut proxy).await? {
            [LOGIN_VERSION, 0] => {}
            [LOGIN_VERSION, _] => return Err(Fault::ProxyLoginRefused),
            _ => return Err(Fault::NotSocks),
        }
    }
    let mut request = vec![VERSION, CONNECT, 0];
    match address {
        Ok(IpAddr::V4(address)) => {
            request.push(IPV4);
            request.extend(address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(IPV6);
            request.extend(address.octets());
        }
        Err(_) => {
            request.push(NAME);
            text(&mut request, name)?;
        }
    }
    request.extend(port.to_be_bytes());
    send(&mut proxy, &request).await?;
    let [VERSION, reply, 0, kind] = receive(&mut proxy).await? else { return Err(Fault::NotSocks) };
    if reply != 0 {
        return Err(REPLIES.get(usize::from(reply) - 1).copied().unwrap_or(Fault::NotSocks));
    }
    // The address and port that the proxy connects from, which nothing needs.
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => usize::from(receive::<1>(&mut proxy).await?[0]),
        _ => return Err(Fault::NotSocks),
    };
    proxy.read_exact(&mut vec![0; length + 2]).await.map_err(hung_up)?;
    Ok(proxy.into_inner())
}

async fn send(proxy: &mut TokioIo<Link>, bytes: &[u8]) -> Result<(), Fault> {
    proxy.write_all(bytes).await.map_err(hung_up)?;
    proxy.flush().await.map_err(hung_up)
}

async fn receive<const LENGTH: usize>(proxy: &mut TokioIo<Link>) -> Result<[u8; LENGTH], Fault> {
    let mut bytes = [0; LENGTH];
    proxy.read_exact(&mut bytes).await.map_err(hung_up)?;
    Ok(bytes)
}

/// Appends the length of `text`, then `text`.
fn text(message: &mut Vec<u8>, text: &str) -> Result<(), Fault> {
    message.push(u8::try_from(text.len()).map_err(|_| Fault::ProxyNameTooLong)?);
    message.extend(text.as_bytes());
    Ok(())
}

fn hung_up(_: io::Error) -> Fault {
    Fault::ProxyHungUp
}

const VERSION: u8 = 5;
const LOGIN_VERSION: u8 = 1;
const CONNECT: u8 = 1;

// Ways to log in.
const NOTHING: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NONE_OF_THEM: u8 = 0xff;

// Kinds of addresses.
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// The meanings of the replies from 1 on (RFC 1928 §6).
const REPLIES: [Fault; 8] = [
    Fault::ProxyFailed,
    Fault::ProxyForbids,
    Fault::ProxyNoRouteToNetwork,
    Fault::ProxyNoRouteToHost,
    Fault::ProxyConnectionRefused,
    Fault::ProxyTimedOut,
    Fault::ProxyCannot,
    Fault::ProxyCannot,
];
