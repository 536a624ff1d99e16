//! How a SOCKS proxy is asked for a way to an origin: version 5 (RFC 1928), with a user name and password (RFC 1929) if
//! the proxy has them.
//!
//! Invariant: no more is read than the proxy's answers; what follows them is the origin's.

use std::io;
use std::net::IpAddr;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::http::connect::proxy::tunnel::{Broken, TUNNEL};
use crate::http::connect::route::Link;

/// What fits behind the one byte that says how long it is.
pub(crate) const LONGEST: usize = 255;

/// A tunnel to `host`, an address or a name that the proxy looks up.
pub(crate) async fn tunnel(
    link: Link,
    (host, port): (&str, u16),
    credentials: Option<(&str, &str)>,
) -> Result<Link, Broken> {
    let mut proxy = TokioIo::new(link);
    let method = if credentials.is_some() { USER_AND_PASSWORD } else { NOTHING };
    send(&mut proxy, &[VERSION, 1, method]).await?;
    match receive(&mut proxy).await? {
        [VERSION, chosen] if chosen == method => {}
        [VERSION, NONE_OF_THEM] => return Err(METHOD),
        _ => return Err(BROKEN),
    }
    if let Some((user, password)) = credentials {
        let mut login = vec![LOGIN_VERSION];
        text(&mut login, user)?;
        text(&mut login, password)?;
        send(&mut proxy, &login).await?;
        match receive(&mut proxy).await? {
            [LOGIN_VERSION, 0] => {}
            [LOGIN_VERSION, _] => return Err(LOGIN),
            _ => return Err(BROKEN),
        }
    }
    let mut request = vec![VERSION, CONNECT, 0];
    match host.parse() {
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
            text(&mut request, host)?;
        }
    }
    request.extend(port.to_be_bytes());
    send(&mut proxy, &request).await?;
    let [VERSION, reply, 0, kind] = receive(&mut proxy).await? else { return Err(BROKEN) };
    if reply != 0 {
        return Err(REPLIES
            .get(usize::from(reply) - 1)
            .map_or(BROKEN, |&(code, what)| Broken::Socks(code, what)));
    }
    // Where the proxy connects from, and the port there: of no use to us.
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => usize::from(receive::<1>(&mut proxy).await?[0]),
        _ => return Err(BROKEN),
    };
    proxy.read_exact(&mut vec![0; length + 2]).await.map_err(cut)?;
    Ok(proxy.into_inner())
}

async fn send(proxy: &mut TokioIo<Link>, bytes: &[u8]) -> Result<(), Broken> {
    proxy.write_all(bytes).await.map_err(cut)?;
    proxy.flush().await.map_err(cut)
}

async fn receive<const LENGTH: usize>(proxy: &mut TokioIo<Link>) -> Result<[u8; LENGTH], Broken> {
    let mut bytes = [0; LENGTH];
    proxy.read_exact(&mut bytes).await.map_err(cut)?;
    Ok(bytes)
}

/// Appends `text` and, before it, its length.
fn text(message: &mut Vec<u8>, text: &str) -> Result<(), Broken> {
    message.push(u8::try_from(text.len()).map_err(|_| TOO_LONG)?);
    message.extend(text.as_bytes());
    Ok(())
}

fn cut(_: io::Error) -> Broken {
    Broken::Socks("ECONNRESET", "closed the connection")
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

const METHOD: Broken = Broken::Socks(TUNNEL, "takes no user name and password, or not without them");
const LOGIN: Broken = Broken::Socks(TUNNEL, "refused the user name and password");
const TOO_LONG: Broken = Broken::Socks(TUNNEL, "cannot be told such a long name");
const BROKEN: Broken = Broken::Socks(TUNNEL, "does not speak SOCKS version 5");

/// From 1 on.
const REPLIES: [(&str, &str); 8] = [
    (TUNNEL, "failed to make the connection"),
    (TUNNEL, "does not allow this connection"),
    ("ENETUNREACH", "says that there is no route to the network"),
    ("EHOSTUNREACH", "says that there is no route to the host"),
    ("ECONNREFUSED", "says that the connection was refused"),
    ("ETIMEDOUT", "says that there was no answer in time"),
    (TUNNEL, "cannot make such a connection"),
    (TUNNEL, "cannot make such a connection"),
];
