//! What a register hears of other processes' writes.

use super::server::{PATIENCE, Server, until};
use super::*;
use crate::store::redis::changes::UNHEARD;

async fn resolves(changed: BoxFuture<'_, ()>) {
    tokio::time::timeout(PATIENCE, changed).await.expect("no change was heard");
}

fn is_pending(changed: &mut BoxFuture<'_, ()>) -> bool {
    futures_util::FutureExt::now_or_never(changed).is_none()
}

/// A register whose subscription has begun.
async fn listening(server: &Server) -> RedisRegister {
    let register = server.register();
    resolves(register.watch("session").unwrap()).await;
    register
}

async fn subscribed(server: &Server) -> usize {
    server.ask::<Vec<String>>(&["PUBSUB", "CHANNELS"]).await.len()
}

#[tokio::test]
async fn write_of_a_sibling_is_heard_by_all_who_watch_its_session() {
    let server = Server::start(&[]).await;
    let (register, sibling) = (listening(&server).await, server.register());
    let (one, another) = (register.watch("session").unwrap(), register.watch("session").unwrap());
    let mut other_session = register.watch("another").unwrap();
    let (first, _) = write(&sibling, None, "first").await;
    resolves(one).await;
    resolves(another).await;
    assert_eq!(read(&register).await, Some(first));
    // Its subscription begins now.
    resolves(std::mem::replace(&mut other_session, register.watch("another").unwrap())).await;
    assert!(is_pending(&mut other_session));
}

#[tokio::test]
async fn refused_and_repeated_writes_are_not_told() {
    let server = Server::start(&[]).await;
    let (register, sibling) = (listening(&server).await, server.register());
    resolves(register.watch("another").unwrap()).await;
    let changed = register.watch("session").unwrap();
    let (first, _) = write(&sibling, None, "first").await;
    resolves(changed).await;

    let mut changed = register.watch("session").unwrap();
    assert!(!write(&sibling, None, "refused").await.1);
    assert_eq!(sibling.compare_and_set("session", None, &first).await, Ok(true));
    // Told later, heard later.
    let other = register.watch("another").unwrap();
    assert_eq!(sibling.compare_and_set("another", None, &document("first")).await, Ok(true));
    resolves(other).await;
    assert!(is_pending(&mut changed));
}

/// Between its end and the next subscription nothing is heard.
#[tokio::test]
async fn lost_subscription_wakes_those_who_watch_and_begins_again() {
    let mut server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    let register = listening(&server).await;
    let changed = register.watch("session").unwrap();
    server.kill();
    resolves(changed).await;
    let changed = register.watch("session").unwrap();
    server.start_again().await;
    resolves(changed).await;

    let changed = register.watch("session").unwrap();
    write(&server.register(), None, "first").await;
    resolves(changed).await;
    let killed: u32 = server.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
    assert_eq!(killed, 1);
    resolves(register.watch("session").unwrap()).await;
}

/// Else each connection would bring back all sessions that this process ever had.
#[tokio::test]
async fn new_connection_is_subscribed_to_watched_sessions_alone() {
    let server = Server::start(&[]).await;
    let register = listening(&server).await;
    resolves(register.watch("left").unwrap()).await;
    let lost = register.watch("session").unwrap();
    let _: u32 = server.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
    resolves(lost).await;
    resolves(register.watch("session").unwrap()).await;
    assert_eq!(server.ask::<Vec<String>>(&["PUBSUB", "CHANNELS"]).await, [key()]);
}

#[tokio::test]
async fn watching_begins_when_the_server_does() {
    let mut server = Server::start(&[]).await;
    server.kill();
    let register = server.register();
    let changed = register.watch("session").unwrap();
    server.start_again().await;
    resolves(changed).await;
}

#[tokio::test]
async fn subscriptions_that_nobody_watches_end() {
    let server = Server::start(&[]).await;
    let register = listening(&server).await;
    for n in 0..300 {
        drop(register.watch(&format!("session {n}")));
    }
    // One more channel, with which the register looks for those that nobody watches. That of `listening` is one of them.
    resolves(register.watch("one more").unwrap()).await;
    resolves(register.watch("session").unwrap()).await;
    let before = subscribed(&server).await;
    assert!(before < 100, "{before} channels");

    let sibling = server.register();
    let mut expected = None;
    for _ in 0..UNHEARD {
        expected = Some(write(&sibling, expected, "next").await.0.version);
    }
    until("the channel is given up", || async { subscribed(&server).await == before - 1 }).await;
    resolves(register.watch("session").unwrap()).await;
}

/// Without the doubling, each new session would cost a search among all.
#[tokio::test]
async fn channels_that_nobody_watches_are_searched_at_64_and_again_when_their_number_has_doubled() {
    let server = Server::start(&[]).await;
    let register = listening(&server).await;
    let watched: Vec<_> = (1..=62).map(|n| register.watch(&format!("watched {n}")).unwrap()).collect();
    resolves(register.watch("watched 1").unwrap()).await;
    assert_eq!(subscribed(&server).await, 63, "that of `listening` is one of them");
    for (new, expected) in [("the 64th", 63), ("another", 64), ("one more", 65)] {
        resolves(register.watch(new).unwrap()).await;
        assert_eq!(subscribed(&server).await, expected, "{new}");
    }
    drop(watched);
}

/// Else the caller would wait for news that never come, rather than poll.
#[tokio::test]
async fn register_without_the_right_to_subscribe_does_not_watch() {
    for right in ["-subscribe", "resetchannels"] {
        let server = Server::start(&[]).await;
        if right == "resetchannels" && !server.has_rights_on_channels().await {
            continue;
        }
        let _: String =
            server.ask(&["ACL", "SETUSER", "rotator", "on", ">s3cr3t", "~*", "+@all", right]).await;
        let url = format!("redis://rotator:s3cr3t@127.0.0.1:{}", server.port);
        let register = server::register(&server::options(&url));
        resolves(register.watch("session").unwrap()).await;
        assert!(register.watch("session").is_none(), "{right}");
        assert!(write(&register, None, "first").await.1, "writes need no channel");
    }
}

#[tokio::test]
async fn register_that_is_dropped_leaves_no_connection() {
    let server = Server::start(&[]).await;
    let register = listening(&server).await;
    write(&register, None, "first").await;
    drop(register);
    until("closed", || async {
        let clients: String = server.ask(&["CLIENT", "LIST"]).await;
        clients.lines().count() == 1
    })
    .await;
}
