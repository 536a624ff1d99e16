//! The register over real servers.

mod answers;
mod changes;
mod changing;
mod layouts;
mod list;
mod lost;
mod server;
mod tls;

use super::*;
use crate::secret::Secret;
use crate::source::Source;
use crate::store::redis::tests::server::{Server, free_port, options, register};
use crate::store::register::conformance::conforms;

fn document(text: &str) -> Document {
    Document { text: Secret::new(text.to_owned()), version: Version::random() }
}

/// Writes `text`, and tells whether that was done.
async fn write(register: &RedisRegister, expected: Option<Version>, text: &str) -> (Document, bool) {
    let next = document(text);
    let done = register.compare_and_set("session", expected, &next).await.unwrap();
    (next, done)
}

async fn read(register: &RedisRegister) -> Option<Document> {
    register.read("session").await.unwrap()
}

/// The key of the session of these tests.
fn key() -> String {
    format!("token-rotator:{{{}}}", session_name("session"))
}

#[tokio::test]
async fn register_does_its_duties() {
    let server = Server::start(&[]).await;
    conforms(|| Arc::new(server.register())).await;
}

#[tokio::test]
async fn each_write_compares_with_the_one_before_it() {
    let server = Server::start(&[]).await;
    let (register, sibling) = (server.register(), server.register());
    assert_eq!(read(&register).await, None);
    let (first, done) = write(&register, None, "first").await;
    assert!(done);
    assert!(!write(&sibling, None, "over nothing").await.1);
    let (second, done) = write(&sibling, Some(first.version), "second").await;
    assert!(done);
    assert!(!write(&register, Some(first.version), "over an old version").await.1);
    assert_eq!(read(&register).await, Some(second));
}

#[tokio::test]
async fn key_holds_the_prefix_and_a_hash_of_the_session() {
    let server = Server::start(&[]).await;
    write(&server.register(), None, "first").await;
    assert_eq!(server.ask::<Vec<String>>(&["KEYS", "*"]).await, [key()]);
    let other = register(&RedisOptions { prefix: "another/".into(), ..options(&server.url()) });
    assert_eq!(read(&other).await, None);
}

/// What the client of a cluster does by itself. [`lost`] shows it over a connection.
#[tokio::test]
async fn call_that_is_sent_again_is_answered_as_it_was_and_changes_nothing() {
    let server = Server::start(&[]).await;
    let register = server.register();
    let first = document("0");
    let call = commands::compare_and_set(&key(), None, &first, None);
    assert_eq!(register.wire.ask(&call).await, Ok(true));
    let mut newest = first.clone();
    for n in 1..=7 {
        assert_eq!(register.wire.ask(&call).await, Ok(true));
        assert_eq!(read(&register).await, Some(newest.clone()));
        newest = write(&register, Some(newest.version), &n.to_string()).await.0;
        // Another call for the same write.
        assert_eq!(register.compare_and_set("session", None, &first).await, Ok(false), "after {n} writes");
    }
    assert_eq!(register.wire.ask(&call).await, Ok(true));
    write(&register, Some(newest.version), "the eighth").await;
    assert_eq!(register.wire.ask(&call).await, Ok(false), "it is forgotten");
}

#[tokio::test]
async fn tombstone_expires_after_thirty_days_and_what_is_written_over_it_never_does() {
    let server = Server::start(&[]).await;
    let register = server.register();
    let tombstone = document("nobody");
    assert_eq!(register.set_tombstone("session", None, &tombstone).await, Ok(true));
    let life: u64 = server.ask(&["PTTL", &key()]).await;
    let thirty_days = 30 * 24 * 60 * 60 * 1000;
    assert!((thirty_days - 60_000..=thirty_days).contains(&life), "{life}");
    assert_eq!(register.tombstone_life(), Some(Duration::from_millis(thirty_days)));

    write(&register, Some(tombstone.version), "somebody").await;
    assert_eq!(server.ask::<i64>(&["PTTL", &key()]).await, -1);
}

/// A program that starts before its Redis.
#[tokio::test]
async fn register_is_made_without_a_server_and_connects_when_there_is_one() {
    let early = register(&options(&format!("redis://127.0.0.1:{}", free_port())));
    assert!(early.read("session").await.is_err());

    let mut server = Server::start(&[]).await;
    server.kill();
    let register = server.register();
    assert!(register.read("session").await.is_err());
    server.start_again().await;
    assert_eq!(register.read("session").await, Ok(None));
}

#[tokio::test]
async fn hash_of_another_program_is_left_as_it_is() {
    let server = Server::start(&[]).await;
    let register = server.register();
    for fields in [["version", "7"], ["text", "{}"]] {
        let _: u8 = server.ask(&["HSET", &key(), fields[0], fields[1]]).await;
        let Err(StoreError::Fault(fault)) = register.read("session").await else { panic!("{fields:?}") };
        assert!(fault.is_corrupt(), "{fault}");
        let _: u8 = server.ask(&["DEL", &key()]).await;
    }
}

/// The fleet finds no record in it, and a login needs the version to write over it.
#[tokio::test]
async fn text_that_was_damaged_has_its_version() {
    let server = Server::start(&[]).await;
    let register = server.register();
    let (first, _) = write(&register, None, "first").await;
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let damage = redis::cmd("HSET").arg(key()).arg("text").arg(&[0xff_u8]).to_owned();
    let _: u8 = damage.query_async(&mut connection).await.unwrap();
    let damaged = read(&register).await.unwrap();
    assert_eq!(damaged.version, first.version);
    assert!(write(&register, Some(damaged.version), "second").await.1);
}

type Change<'a> = &'a dyn Fn(&mut RedisOptions);

#[test]
fn options_that_cannot_be_used_are_named_and_not_shown() {
    let made = |change: Change| {
        let mut options = options("redis://user:s3cr3t@localhost");
        change(&mut options);
        RedisRegister::new(&options).err()
    };
    let sentinel = RedisLayout::Sentinel { master: "mymaster".into() };
    assert!(made(&|_| ()).is_none());
    assert!(made(&|options| options.layout = sentinel.clone()).is_none());
    let several = || "redis://:s3cr3t@a redis://:an0ther@b".to_owned().into();
    let url = |url: &str| url.to_owned().into();
    let table: [(Change, &str); 10] = [
        (&|options| options.url = url(""), "store.url names no server"),
        (&|options| options.url = url("s3cr3t"), "store.url must be redis://"),
        (&|options| options.url = url("http://user:s3cr3t@localhost"), "store.url must be redis://"),
        (&|options| options.url = url("rediss://:s3cr3t@localhost#insecure"), "store.url must be redis://"),
        (&|options| options.url = url("redis://:s3cr3t@localhost/x"), "store.url must be redis://"),
        (&|options| options.url = several(), "store.url has several servers"),
        (
            &|options| {
                options.url = several();
                options.layout = RedisLayout::Cluster;
            },
            "store.url must have the same scheme, user, password",
        ),
        (
            &|options| {
                options.url = several();
                options.layout = sentinel.clone();
            },
            "store.url must have the same scheme, user, password",
        ),
        (
            &|options| {
                options.url = url("unix:///s3cr3t");
                options.layout = RedisLayout::Cluster;
            },
            "store.url cannot be used with cluster",
        ),
        (&|options| options.tls.ca = Some(url("s3cr3t")), "store.tls.ca needs rediss://"),
    ];
    for (change, expected) in table {
        let error = made(change).unwrap();
        assert_eq!(error.code(), "ERR_INVALID_OPTION");
        let message = error.to_string();
        assert!(message.starts_with(expected), "{message}");
        assert!(!format!("{message}{error:?}").contains("s3cr3t"), "{error:?}");
    }
}
