//! Errors that Redis answers, as its users get them.

use super::server::{PATIENCE, Server, ask, new_folder, options, register, until};
use super::*;
use crate::store::{RedisProblem, StoreFault};

/// The code in a fault, and its text.
fn code_of<T>(answer: Result<T, StoreError>) -> &'static str {
    match answer.err() {
        Some(StoreError::Fault(fault @ StoreFault::Redis { .. })) => {
            let text = format!("{fault} {fault:?}");
            assert!(text.starts_with("Redis at 127.0.0.1:"), "{text}");
            assert!(!text.contains("s3cr3t") && !text.contains("limited"), "{text}");
            let StoreFault::Redis { problem: RedisProblem::Answer { code, advice }, .. } = fault else {
                panic!("{fault:?}")
            };
            assert!(!advice.is_empty());
            code
        }
        other => panic!("{other:?}"),
    }
}

async fn write_code(register: &RedisRegister, expected: Option<Version>) -> &'static str {
    code_of(register.compare_and_set("session", expected, &document("next")).await)
}

#[tokio::test]
async fn replica_is_read_and_not_written() {
    let server = Server::start(&[]).await;
    let register = server.register();
    let (first, _) = write(&register, None, "first").await;
    let _: String = server.ask(&["REPLICAOF", "127.0.0.1", "1"]).await;
    assert_eq!(write_code(&register, Some(first.version)).await, "READONLY");
    assert_eq!(read(&register).await, Some(first.clone()));
    let _: String = server.ask(&["CONFIG", "SET", "replica-serve-stale-data", "no"]).await;
    assert_eq!(code_of(register.read("session").await), "MASTERDOWN");
    // The same server becomes the master again.
    let _: String = server.ask(&["REPLICAOF", "NO", "ONE"]).await;
    assert!(write(&register, Some(first.version), "second").await.1);
}

#[tokio::test]
async fn full_memory_refuses_a_write_and_changes_nothing() {
    let server = Server::start(&["--maxmemory-policy", "noeviction"]).await;
    let register = server.register();
    let (first, _) = write(&register, None, "first").await;
    let _: String = server.ask(&["CONFIG", "SET", "maxmemory", "1"]).await;
    assert_eq!(write_code(&register, Some(first.version)).await, "OOM");
    assert_eq!(read(&register).await, Some(first.clone()));
    let _: String = server.ask(&["CONFIG", "SET", "maxmemory", "0"]).await;
    assert!(write(&register, Some(first.version), "second").await.1);
}

#[tokio::test]
async fn server_that_loads_its_data_says_so() {
    let folder = new_folder();
    let mut server = Server::start_in(folder, &["--rdbcompression", "no"]).await;
    let register = server.register();
    let (first, _) = write(&register, None, "first").await;
    // Redis looks up from loading after each two megabytes, so that there must be some of them.
    let populate = "for i = 1, 4000 do redis.call('SET', i, ARGV[1]) end return 'OK'";
    let _: String = server.ask(&["EVAL", populate, "0", &"x".repeat(4096)]).await;
    let _: String = server.ask(&["SAVE"]).await;
    server.kill();
    server.add_option(&["--key-load-delay", "1000"]);
    server.start_again().await;
    assert_eq!(code_of(register.read("session").await), "LOADING");
    assert_eq!(write_code(&register, Some(first.version)).await, "LOADING");
    // Redis 6 refuses it, and loads on for some seconds.
    let _: Result<String, _> = ask(server.port, &["CONFIG", "SET", "key-load-delay", "0"]).await;
    until("loading ends", || async { register.read("session").await == Ok(Some(first.clone())) }).await;
}

#[tokio::test]
async fn script_of_another_program_blocks_redis() {
    let server = Server::start(&["--lua-time-limit", "10"]).await;
    let register = server.register();
    let port = server.port;
    let endless = tokio::spawn(async move { ask::<i64>(port, &["EVAL", "while true do end", "0"]).await });
    until("BUSY", || async { register.read("session").await.is_err() }).await;
    assert_eq!(code_of(register.read("session").await), "BUSY");
    assert_eq!(write_code(&register, None).await, "BUSY");
    let _: String = server.ask(&["SCRIPT", "KILL"]).await;
    assert!(endless.await.unwrap().is_err());
    assert!(write(&register, None, "first").await.1);
}

#[tokio::test]
async fn forgotten_scripts_do_not_matter() {
    let server = Server::start(&[]).await;
    let register = server.register();
    let (first, _) = write(&register, None, "first").await;
    let _: String = server.ask(&["SCRIPT", "FLUSH"]).await;
    assert!(write(&register, Some(first.version), "second").await.1);
}

#[tokio::test]
async fn logins_and_rights_that_are_missing() {
    let server = Server::start(&[]).await;
    let _: String = server.ask(&["ACL", "SETUSER", "limited", "on", ">s3cr3t", "~other:*", "+@all"]).await;
    let port = server.port;
    let login = |user: &str| register(&options(&format!("redis://{user}@127.0.0.1:{port}")));
    assert_eq!(write_code(&login("limited:s3cr3t"), None).await, "NOPERM");
    assert_eq!(write_code(&login("limited:s3cr3t-wrong"), None).await, "WRONGPASS");
    let before = server.register();
    assert_eq!(read(&before).await, None);

    // A password is set while a client without one is connected, and while another one connects.
    let _: String = server.ask(&["CONFIG", "SET", "requirepass", "s3cr3t"]).await;
    assert_eq!(write_code(&server.register(), None).await, "NOAUTH");
    assert!(write(&login(":s3cr3t"), None, "first").await.1);
}

/// The rights that docs/redis.md names are enough.
#[tokio::test]
async fn user_with_the_documented_rights_reads_writes_and_watches() {
    let server = Server::start(&[]).await;
    let user = &["ACL", "SETUSER", "rotator", "on", ">s3cr3t", "~token-rotator:*"][..];
    let commands = &["+hmget", "+hset", "+eval", "+pexpire", "+persist"][..];
    let more = &["+publish", "+subscribe", "+unsubscribe", "+ping"][..];
    let channels: &[&str] =
        if server.has_rights_on_channels().await { &["resetchannels", "&token-rotator:*"] } else { &[] };
    let _: String = server.ask(&[user, channels, commands, more].concat()).await;
    let register = register(&options(&format!("redis://rotator:s3cr3t@127.0.0.1:{}", server.port)));
    let began = register.watch("session").unwrap();
    tokio::time::timeout(PATIENCE, began).await.unwrap();
    let changed = register.watch("session").unwrap();
    let (first, done) = write(&register, None, "first").await;
    assert!(done);
    tokio::time::timeout(PATIENCE, changed).await.unwrap();
    assert_eq!(read(&register).await, Some(first.clone()));
    assert_eq!(register.set_tombstone("session", Some(first.version), &document("nobody")).await, Ok(true));
}

#[tokio::test]
async fn key_of_another_program() {
    let server = Server::start(&[]).await;
    let register = server.register();
    let _: String = server.ask(&["SET", &key(), "theirs"]).await;
    assert_eq!(code_of(register.read("session").await), "WRONGTYPE");
    assert_eq!(write_code(&register, None).await, "WRONGTYPE");
    assert_eq!(server.ask::<String>(&["GET", &key()]).await, "theirs");
}

#[tokio::test]
async fn writes_that_too_few_replicas_would_see() {
    let server = Server::start(&["--min-replicas-to-write", "1"]).await;
    assert_eq!(write_code(&server.register(), None).await, "NOREPLICAS");
}

#[test]
fn code_from_the_wire_is_kept_only_if_it_is_known() {
    let RedisProblem::Answer { code, .. } = RedisProblem::of_code("S3CR3T") else { panic!() };
    assert_eq!(code, "ERR");
}
