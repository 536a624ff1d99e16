//! The choice of a proxy, and proxies that cannot be used. Working tunnels are tested from JavaScript, with proxies of
//! other packages.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::error::Phase;
use crate::fault::Fault;
use crate::http::connect::watch::CONNECT_TIMEOUT;
use crate::http::testing::{get, listen, read_request, rules};
use crate::http::{HyperTransport, PhaseCell, TransportOptions, exchange};

const CREDENTIALS: &str = "us3r:s3cr3t";

fn proxies(options: &ProxyOptions) -> Proxies {
    Proxies::new(options, &TlsOptions::default()).unwrap()
}

fn environment(except: &str) -> Proxies {
    proxies(&ProxyOptions {
        http: "http://plain.proxy:3128".into(),
        https: "http://secure.proxy:3128".into(),
        except: except.into(),
        loopback: false,
    })
}

fn way(proxies: &Proxies, uri: &'static str) -> Option<String> {
    proxies.of(&Uri::from_static(uri)).map(|proxy| host::name(proxy.uri()))
}

fn all(url: &str) -> ProxyOptions {
    ProxyOptions { http: url.into(), https: url.into(), except: String::new(), loopback: true }
}

#[test]
fn each_scheme_has_its_proxy() {
    let proxies = environment("");
    assert_eq!(way(&proxies, "http://a.example/").unwrap(), "http://plain.proxy:3128");
    assert_eq!(way(&proxies, "https://a.example/").unwrap(), "http://secure.proxy:3128");
    let only =
        self::proxies(&ProxyOptions { https: "http://secure.proxy".into(), ..ProxyOptions::default() });
    assert_eq!(way(&only, "http://a.example/"), None);
    assert!(way(&only, "https://a.example/").is_some());
}

#[test]
fn exceptions() {
    let table = [
        ("", "https://a.example/", true),
        ("*", "https://a.example/", false),
        ("a.example", "https://a.example/", false),
        ("a.example", "https://sub.a.example/", false),
        ("a.example", "https://A.EXAMPLE:8443/", false),
        ("a.example", "https://nota.example/", true),
        (".a.example", "https://sub.a.example/", false),
        ("*.a.example", "https://sub.a.example/", false),
        ("*.a.example", "https://b.example/", true),
        ("b.example, a.example", "https://a.example/", false),
        ("b.example a.example", "https://a.example/", false),
        ("a.example:8443", "https://a.example:8443/", false),
        ("a.example:8443", "https://a.example/", true),
        ("a.example:443", "https://a.example/", false),
        ("a.example:80", "http://a.example/", false),
        (".a.example:80", "http://sub.a.example/", false),
        ("*:80", "http://a.example/", false),
        ("*:80", "https://a.example/", true),
        ("10.0.0.0/8", "https://10.1.2.3/", false),
        ("10.0.0.0/8", "https://11.1.2.3/", true),
        ("10.1.2.3:443", "https://10.1.2.3/", false),
        ("2001:db8::1", "https://[2001:db8::1]/", false),
        ("[2001:db8::1]", "https://[2001:db8::1]/", false),
        ("b.example,[2001:db8::1]", "https://[2001:db8::1]:8443/", false),
        ("[2001:db8::1]", "https://[2001:db8::2]/", true),
        ("[2001:db8::1]:443", "https://[2001:db8::1]/", false),
        ("[2001:db8::1]:443", "https://[2001:db8::1]:8443/", true),
    ];
    for (except, uri, proxied) in table {
        assert_eq!(way(&environment(except), uri).is_some(), proxied, "{except} and {uri}");
    }
}

#[test]
fn this_machine_is_reached_directly_unless_that_was_asked_for() {
    let here = [
        "http://localhost/",
        "http://LOCALHOST:1/",
        "https://a.localhost/",
        "http://127.1.2.3/",
        "http://[::1]:1/",
    ];
    for uri in here {
        assert_eq!(way(&environment(""), uri), None, "{uri}");
        assert!(way(&proxies(&all("http://proxy")), uri).is_some(), "{uri}");
    }
    assert!(way(&environment(""), "http://localhost.example/").is_some());
}

#[test]
fn credentials_are_for_a_proxy_that_reads_the_request() {
    let of = |proxy: &str, uri| {
        proxies(&all(&format!("{proxy}://{CREDENTIALS}@proxy"))).credentials(&Uri::from_static(uri), true)
    };
    let header = of("http", "http://a.example/").unwrap().unwrap();
    assert_eq!(header, "Basic dXMzcjpzM2NyM3Q=");
    assert!(header.is_sensitive());
    assert_eq!(of("http", "https://a.example/"), Ok(None));
    assert_eq!(of("socks5h", "http://a.example/"), Ok(None));
    assert_eq!(
        proxies(&all("http://proxy")).credentials(&Uri::from_static("http://a.example"), true),
        Ok(None)
    );
}

#[test]
fn plain_http_to_this_machine_does_not_leave_it() {
    let here = Uri::from_static("http://localhost:81/s3cr3t");
    let refused = Err(Error::InsecureTransport { origin: "http://localhost:81".into() });
    for (proxy, is_safe) in [
        ("http://proxy", false),
        ("socks5://proxy", false),
        ("https://proxy", true),
        ("http://127.0.0.1:3128", true),
        ("http://localhost", true),
    ] {
        let proxies = proxies(&all(proxy));
        let expected = if is_safe { Ok(None) } else { refused.clone() };
        assert_eq!(proxies.credentials(&here, false), expected, "{proxy}");
        assert_eq!(proxies.credentials(&here, true), Ok(None), "{proxy}");
    }
}

#[test]
fn a_value_that_is_no_proxy_is_refused_and_not_shown() {
    for url in ["s3cr3t://s3cr3t", "socks9://s3cr3t", "http://", "/s3cr3t"] {
        for options in [
            ProxyOptions { http: url.into(), ..ProxyOptions::default() },
            ProxyOptions { https: url.into(), ..ProxyOptions::default() },
        ] {
            let error = Proxies::new(&options, &TlsOptions::default()).err().unwrap();
            assert_eq!(error, Error::invalid_option("proxy", "is not the URL of a proxy"));
        }
    }
}

#[test]
fn ports_of_proxies() {
    for (proxy, port) in [
        ("socks5://proxy", Some(1080)),
        ("socks5h://[::1]", Some(1080)),
        ("socks5://proxy:1", Some(1)),
        ("http://proxy", None),
        ("https://proxy:3128", Some(3128)),
    ] {
        assert_eq!(with_port(&proxy.parse().unwrap()).port_u16(), port, "{proxy}");
    }
}

async fn fail(proxy: &str, url: &str) -> (Error, PhaseCell) {
    let options = TransportOptions { proxy: Some(all(proxy)), ..TransportOptions::default() };
    let transport = HyperTransport::new(&options).unwrap();
    let phase = PhaseCell::default();
    let outcome = exchange(&transport, &get(url.parse().unwrap()), &rules(), &phase).await;
    (outcome.unwrap_err(), phase)
}

async fn failure(listener: TcpListener, answers: Vec<Vec<u8>>, proxy: &str, url: &str) -> String {
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for answer in answers {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(&answer).await;
        }
    });
    let (error, phase) = fail(proxy, url).await;
    assert!(phase.provably_unsent(), "{error:?}");
    assert!(!format!("{error:?}").contains("s3cr3t"), "{error:?}");
    let Error::Network { fault, .. } = error else { panic!("{error:?}") };
    let message = error.to_string();
    let at = proxy.rsplit_once('@').unwrap().1;
    let start = format!(
        "https://a.example cannot be reached: its proxy {}://{at} ",
        proxy.split_once(':').unwrap().0
    );
    format!(
        "{} {}",
        fault.code().unwrap_or("-"),
        message.strip_prefix(&start).unwrap_or_else(|| panic!("{message}"))
    )
}

#[tokio::test]
async fn a_proxy_that_makes_no_tunnel_is_named() {
    let table = [
        (
            "HTTP/1.1 407 s3cr3t\r\ncontent-length: 0\r\n\r\n",
            "ERR_PROXY_TUNNEL refused the tunnel with status 407: it wants a user name and password in the option proxy",
        ),
        (
            "HTTP/1.1 403 No\r\ncontent-length: 6\r\n\r\ns3cr3t",
            "ERR_PROXY_TUNNEL refused the tunnel with status 403",
        ),
        (
            "HTTP/1.0 302 Go\r\nlocation: s3cr3t\r\n\r\n",
            "ERR_PROXY_TUNNEL refused the tunnel with status 302",
        ),
        (
            "SSH-2.0-s3cr3t\r\n\r\n",
            "HPE_INVALID_CONSTANT sent something that is not HTTP/1.1, or a head above the limits",
        ),
        ("", "ECONNRESET closed the connection before its response was complete (socket hang up)"),
    ];
    for (answer, expected) in table {
        let (listener, url) = listen().await;
        let proxy = format!(
            "http://{CREDENTIALS}@{}",
            url.as_str().trim_start_matches("http://").trim_end_matches('/')
        );
        assert_eq!(
            failure(listener, vec![answer.into()], &proxy, "https://a.example/s3cr3t").await,
            expected
        );
    }
    let (listener, url) = listen().await;
    drop(listener);
    let (listener, _) = listen().await;
    let proxy = format!("http://{CREDENTIALS}@127.0.0.1:{}", url.port().unwrap());
    assert_eq!(
        failure(listener, vec![], &proxy, "https://a.example/").await,
        "ECONNREFUSED refused the connection"
    );
}

#[tokio::test]
async fn a_socks_proxy_that_makes_no_tunnel_is_named() {
    const TAKES_PASSWORD: &[u8] = &[5, 2];
    const KNOWS_USER: &[u8] = &[1, 0];
    let reply =
        |status| vec![TAKES_PASSWORD.to_vec(), KNOWS_USER.to_vec(), vec![5, status, 0, 1, 0, 0, 0, 0, 0, 0]];
    let table = [
        (vec![vec![5, 0xff]], "ERR_PROXY_TUNNEL takes no user name and password, or not without them"),
        (vec![TAKES_PASSWORD.to_vec(), vec![1, 1]], "ERR_PROXY_TUNNEL refused the user name and password"),
        (reply(1), "ERR_PROXY_TUNNEL failed to make the connection"),
        (reply(2), "ERR_PROXY_TUNNEL does not allow this connection"),
        (reply(3), "ENETUNREACH says that there is no route to the network"),
        (reply(4), "EHOSTUNREACH says that there is no route to the host"),
        (reply(5), "ECONNREFUSED says that the connection was refused"),
        (reply(6), "ETIMEDOUT says that there was no answer in time"),
        (reply(8), "ERR_PROXY_TUNNEL cannot make such a connection"),
        (vec![b"HTTP/1.1 400 s3cr3t\r\n\r\n".to_vec()], "ERR_PROXY_TUNNEL does not speak SOCKS version 5"),
        (vec![TAKES_PASSWORD.to_vec()], "ECONNRESET closed the connection"),
    ];
    for (answers, expected) in table {
        let (listener, url) = listen().await;
        let proxy = format!("socks5h://{CREDENTIALS}@127.0.0.1:{}", url.port().unwrap());
        assert_eq!(failure(listener, answers, &proxy, "https://a.example/s3cr3t").await, expected);
    }
    let (listener, url) = listen().await;
    let proxy = format!("socks5://{CREDENTIALS}@127.0.0.1:{}", url.port().unwrap());
    let outcome = fail(&proxy, "https://unknown.invalid/").await;
    drop(listener);
    assert!(matches!(&outcome.0, Error::Network { fault: Fault::ProxyNotAsked, .. }), "{:?}", outcome.0);
    assert!(outcome.1.provably_unsent());
}

/// The bytes that a SOCKS proxy gets which accepts this user and then hangs up.
async fn asked_of_socks(user: &str, password: &str, host: &str) -> Vec<u8> {
    let (listener, url) = listen().await;
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 3];
        stream.read_exact(&mut asked).await.unwrap();
        for answer in [[5, 2], [1, 0]] {
            stream.write_all(&answer).await.unwrap();
            asked.resize(asked.len() + 2048, 0);
            let at = asked.len() - 2048;
            let read = stream.read(&mut asked[at..]).await.unwrap();
            asked.truncate(at + read);
        }
        asked
    });
    let proxy = format!("socks5h://{user}:{password}@127.0.0.1:{}", url.port().unwrap());
    fail(&proxy, &format!("https://{host}/")).await;
    asked.await.unwrap()
}

#[tokio::test]
async fn socks_takes_names_and_passwords_as_long_as_it_has_room_for() {
    let label = "a".repeat(60);
    let hosts = ["b".to_owned(), [&*label; 4].join(".")];
    for (user, password) in [(1, 0), (1, 1), (1, 255), (255, 1), (255, 255), (128, 128)] {
        for host in &hosts {
            let (user, password) = ("u".repeat(user), "p".repeat(password));
            let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
            let expected =
                [vec![5, 1, 2, 1], text(&user), text(&password), vec![5, 1, 0, 3], text(host), vec![1, 187]];
            let asked = asked_of_socks(&user, &password, host).await;
            assert_eq!(asked, expected.concat(), "{} {} {}", user.len(), password.len(), host.len());
        }
    }
}

#[tokio::test]
async fn socks_is_given_an_address_as_one() {
    let mut v6 = vec![5, 1, 0, 4, 0x20, 0x01, 0x0d, 0xb8];
    v6.extend([0; 11]);
    v6.extend([1, 1, 187]);
    for (host, request) in [("[2001:db8::1]", v6), ("192.0.2.1", vec![5, 1, 0, 1, 192, 0, 2, 1, 1, 187])] {
        let asked = asked_of_socks("u", "p", host).await;
        assert_eq!(asked, [&[5, 1, 2, 1, 1, b'u', 1, b'p'], &request[..]].concat(), "{host}");
    }
}

#[test]
fn credentials_too_long_for_socks_are_refused_and_not_shown() {
    let (long, short) = ("s3cr3t".repeat(43), "s3cr3t");
    for (user, password) in [(&*long, ""), (&*long, short), (short, &*long)] {
        let options = all(&format!("socks5://{user}:{password}@proxy"));
        let error = Proxies::new(&options, &TlsOptions::default()).err().unwrap();
        let problem = "is a SOCKS proxy, which takes no user name or password of more than 255 bytes";
        assert_eq!(error, Error::invalid_option("proxy", problem));
    }
}

#[tokio::test(start_paused = true)]
async fn the_connect_timeout_covers_the_tunnel() {
    let (listener, url) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(read_request(&mut stream).await.unwrap().starts_with("CONNECT a.example:443 HTTP/1.1\r\n"));
        // Says nothing for as long as the test lasts.
        std::future::pending::<()>().await;
    });
    let (error, phase) = fail(url.as_str(), "https://a.example/").await;
    assert_eq!(error, Error::Timeout { phase: Phase::Connect, after: CONNECT_TIMEOUT });
    assert!(phase.provably_unsent());
}
