//! Options in files that change while the register is in use.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use super::server::new_folder;
use super::tls::{authority, certificate, tls_register, tls_server};
use super::*;
use crate::source::{Provide, SourceError};
use crate::store::{RedisProblem, StoreFault};

/// Ends all connections, as a server does that is restarted.
async fn cut(server: &Server, password: Option<&str>) {
    let kill = ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"];
    let killed: i64 = match password {
        Some(password) => server.ask_with(password, &kill).await,
        None => server.ask(&kill).await,
    };
    assert!(killed > 0, "no connection of the register was there to be cut");
}

#[tokio::test]
async fn password_in_a_file_is_exchanged_while_the_register_is_used() {
    let server = Server::start(&[]).await;
    let folder = new_folder();
    let file = folder.join("url");
    let login = |n: u32| format!("redis://:secret-{n}@127.0.0.1:{}\n", server.port);
    server.ask::<()>(&["CONFIG", "SET", "requirepass", "secret-0"]).await;
    let register = register(&RedisOptions { url: Source::file(&file), ..options("") });

    let error = register.read("session").await.unwrap_err();
    let StoreError::Fault(StoreFault::Redis { server: name, problem }) = error else { panic!("{error:?}") };
    let says =
        format!("the file {} does not exist; check the path, and that the file is mounted", file.display());
    assert_eq!((name.as_str(), problem), ("Redis", RedisProblem::Unread { problem: says }));

    fs::write(&file, login(0)).unwrap();
    let mut newest = write(&register, None, "0").await.0;
    for n in 1..=20 {
        let (old, new) = (format!("secret-{}", n - 1), format!("secret-{n}"));
        server.ask_with::<()>(&old, &["CONFIG", "SET", "requirepass", &new]).await;
        fs::write(&file, login(n)).unwrap();
        cut(&server, Some(&new)).await;
        newest = write(&register, Some(newest.version), &n.to_string()).await.0;
    }
    // A file that is away leaves the address and the password that are known.
    fs::remove_file(&file).unwrap();
    cut(&server, Some("secret-20")).await;
    assert_eq!(read(&register).await, Some(newest));
    fs::remove_dir_all(folder).unwrap();
}

/// Tells the URL once.
struct ForgetfulProvider {
    url: String,
    has_told: AtomicBool,
}

impl Provide for ForgetfulProvider {
    fn provide(&self) -> BoxFuture<'_, Result<Secret, SourceError>> {
        let told = self.has_told.swap(true, Ordering::SeqCst);
        Box::pin(
            async move { if told { Err(SourceError::gone()) } else { Ok(Secret::new(self.url.clone())) } },
        )
    }
}

#[tokio::test]
async fn function_that_fails_leaves_the_address_that_it_told() {
    let server = Server::start(&[]).await;
    let provider = ForgetfulProvider { url: server.url(), has_told: AtomicBool::new(false) };
    let register = register(&RedisOptions { url: Source::callback(Arc::new(provider)), ..options("") });
    let (first, _) = write(&register, None, "first").await;
    cut(&server, None).await;
    assert_eq!(read(&register).await, Some(first));
}

#[tokio::test]
async fn certificates_in_files_are_exchanged_while_the_register_is_used() {
    let authority = authority();
    let (server, port) = tls_server(&authority).await;
    let folder = new_folder();
    let show = |(cert, key): &(String, String), half: bool| {
        fs::write(folder.join("cert.pem"), cert).unwrap();
        if !half {
            fs::write(folder.join("key.pem"), key).unwrap();
        }
    };
    let file = |name: &str| Some(Source::file(folder.join(name)));
    fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    let tls = RedisTls { ca: file("ca.pem"), cert: file("cert.pem"), key: file("key.pem") };
    show(&certificate(&authority, "client"), false);
    let register = tls_register(&format!("rediss://localhost:{port}"), tls);
    let mut newest = write(&register, None, "0").await.0;
    for n in 1..=10 {
        let next = certificate(&authority, "client");
        for half in [true, false] {
            show(&next, half);
            cut(&server, None).await;
            newest = write(&register, Some(newest.version), &n.to_string()).await.0;
        }
    }
    // Nobody trusts this one, so that it is seen that new connections use what the files hold.
    show(&certificate(&self::authority(), "client"), false);
    cut(&server, None).await;
    assert!(register.read("session").await.is_err());
    show(&certificate(&authority, "client"), false);
    assert_eq!(read(&register).await, Some(newest));
    fs::remove_dir_all(folder).unwrap();
}
