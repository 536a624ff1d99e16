//! Answers and connections that are lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use redis::{ErrorKind, RedisError, ServerErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::server::{Server, options, register, until};
use super::*;
use crate::fault::Fault;
use crate::store::redis::wire::{is_broken, longer, spread};
use crate::store::{RedisProblem, StoreFault};

/// A way to a server, which ends connections.
struct Way {
    port: u16,
    /// The server's port.
    to: Arc<AtomicU16>,
    /// How many answers to `EVAL` are dropped, with their connections.
    cuts: Arc<AtomicUsize>,
    /// Connections of before carry nothing any more, and stay open.
    silenced: watch::Sender<()>,
}

impl Way {
    async fn to(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cuts = Arc::new(AtomicUsize::new(0));
        let silenced = watch::Sender::new(());
        let to = Arc::new(AtomicU16::new(server.port));
        let (left, silence, leads_to) = (Arc::clone(&cuts), silenced.clone(), Arc::clone(&to));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let to = leads_to.load(Ordering::SeqCst);
                let server = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
                tokio::spawn(carry(client, server, Arc::clone(&left), silence.subscribe()));
            }
        });
        Self { port, to, cuts, silenced }
    }

    fn cut(&self, answers: usize) {
        self.cuts.store(answers, Ordering::SeqCst);
    }

    fn register(&self) -> RedisRegister {
        register(&options(&format!("redis://127.0.0.1:{}", self.port)))
    }
}

async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    cuts: Arc<AtomicUsize>,
    mut silence: watch::Receiver<()>,
) {
    let (mut asked, mut answered) = (vec![0; 16384], vec![0; 16384]);
    let mut writes = false;
    loop {
        tokio::select! {
            _ = silence.changed() => return std::future::pending().await,
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                writes = asked[..length].windows(4).any(|word| word == b"EVAL");
                server.write_all(&asked[..length]).await.unwrap();
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                let cut = |left: usize| left.checked_sub(1);
                if writes && cuts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, cut).is_ok() {
                    return;
                }
                client.write_all(&answered[..length]).await.unwrap();
            }
        }
    }
}

async fn scripts_run(server: &Server) -> usize {
    let info: String = server.ask(&["INFO", "commandstats"]).await;
    let calls = info.split("cmdstat_eval:calls=").nth(1);
    calls.map_or(0, |calls| calls.split(',').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn write_whose_answer_is_lost_is_done_once() {
    let server = Server::start(&[]).await;
    let way = Way::to(&server).await;
    let register = way.register();
    way.cut(1);
    let (first, done) = write(&register, None, "first").await;
    assert!(done);
    assert_eq!(scripts_run(&server).await, 2, "the write is repeated");
    assert_eq!(read(&register).await, Some(first));
}

#[tokio::test]
async fn write_that_is_refused_is_sent_once() {
    let server = Server::start(&[]).await;
    let _: String = server.ask(&["SET", &key(), "theirs"]).await;
    assert!(server.register().compare_and_set("session", None, &document("first")).await.is_err());
    assert_eq!(scripts_run(&server).await, 1);
}

#[test]
fn errors_that_another_connection_may_not_have() {
    let is = |kind: ErrorKind| is_broken(&RedisError::from((kind, "an error")));
    let moved = [ServerErrorKind::ReadOnly, ServerErrorKind::MasterDown].map(ErrorKind::Server);
    assert!([ErrorKind::Parse, ErrorKind::Io].into_iter().chain(moved).all(is));
    let stays = [ServerErrorKind::BusyLoading, ServerErrorKind::NoPerm].map(ErrorKind::Server);
    assert!(!stays.into_iter().any(is));
}

#[tokio::test]
async fn write_whose_answers_are_all_lost_is_an_error_and_is_applied() {
    let server = Server::start(&[]).await;
    let way = Way::to(&server).await;
    let register = way.register();
    way.cut(100);
    let next = document("first");
    let error = register.compare_and_set("session", None, &next).await.unwrap_err();
    assert_eq!(scripts_run(&server).await, 2, "once more, and not for ever");
    let StoreError::Fault(StoreFault::Redis { server, problem }) = error else { panic!("{error:?}") };
    assert!(server.starts_with("Redis at 127.0.0.1:"), "{server}");
    assert_eq!(problem, RedisProblem::Network(Fault::HungUp));
    way.cut(0);
    assert_eq!(read(&register).await, Some(next));
}

/// A label of 64 characters is no name, so that no name server is asked.
#[tokio::test]
async fn name_that_leads_nowhere() {
    let register = register(&options(&format!("redis://{}.invalid", "a".repeat(64))));
    let Err(StoreError::Fault(StoreFault::Redis { problem, .. })) = register.read("session").await else {
        panic!("there is no such server")
    };
    let is_lookup = |fault| matches!(fault, Fault::UnknownName | Fault::NoNameServer);
    assert!(matches!(problem, RedisProblem::Network(fault) if is_lookup(fault)), "{problem:?}");
}

/// Redis closes it, or a firewall on the way.
#[tokio::test]
async fn connection_that_was_closed_while_idle_costs_no_error() {
    let server = Server::start(&[]).await;
    let register = server.register();
    let (first, _) = write(&register, None, "first").await;
    for n in 0..5 {
        let killed: u32 = server.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await;
        assert_eq!(killed, 1, "round {n}");
        assert_eq!(read(&register).await, Some(first.clone()));
    }
}

#[tokio::test]
async fn silent_server_is_a_time_out_and_gets_a_new_connection() {
    let server = Server::start(&[]).await;
    let register = register(&RedisOptions { timeout: Duration::from_millis(200), ..options(&server.url()) });
    until("connected", || async { register.read("session").await == Ok(None) }).await;
    server.signal("STOP");
    let late = document("late");
    assert_eq!(register.compare_and_set("session", None, &late).await, Err(StoreError::TimedOut));
    // Nothing of this one was sent.
    let Err(StoreError::Fault(fault)) = register.compare_and_set("session", None, &document("never")).await
    else {
        panic!("a new connection was made")
    };
    assert_eq!(fault.to_string(), format!("Redis at 127.0.0.1:{} did not answer in time", server.port));
    server.signal("CONT");
    // Redis has read the write before it sees the end of the connection.
    until("the late write is applied", || async { register.read("session").await == Ok(Some(late.clone())) })
        .await;
    assert_eq!(register.compare_and_set("session", None, &late).await, Ok(true));
}

/// The fleet's deadline is a quarter of the lease, and may be shorter than that of the store.
#[tokio::test]
async fn caller_that_leaves_after_it_waited_in_vain_takes_the_connection_along() {
    let server = Server::start(&[]).await;
    let way = Way::to(&server).await;
    let register = way.register();
    let (first, _) = write(&register, None, "first").await;
    way.silenced.send(()).unwrap();
    let left = tokio::time::timeout(Duration::from_millis(150), register.read("session")).await;
    assert!(left.is_err(), "the connection is silent");
    assert_eq!(read(&register).await, Some(first));
}

#[test]
fn attempt_that_is_ended_with_its_runtime_is_followed_by_another() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let after = runtime();
    let server = after.block_on(Server::start(&[]));
    let register = server.register();
    runtime().block_on(async { assert!(futures_util::poll!(register.read("session")).is_pending()) });
    after.block_on(async {
        until("connected", || async { register.read("session").await == Ok(None) }).await;
    });
}

/// Else a server that is far away would never be reached by callers who do not wait for long.
#[tokio::test]
async fn attempt_to_connect_goes_on_when_its_caller_leaves() {
    let server = Server::start(&[]).await;
    let register = server.register();
    let mut reading = register.read("session");
    assert!(futures_util::poll!(&mut reading).is_pending());
    drop(reading);
    until("connected", || async {
        let clients: String = server.ask(&["CLIENT", "LIST"]).await;
        clients.lines().count() == 2
    })
    .await;
}

/// As the name of a primary endpoint does after a failover.
#[tokio::test]
async fn master_that_became_a_replica_is_left_for_the_server_that_its_name_leads_to_now() {
    let (before, now) = (Server::start(&[]).await, Server::start(&[]).await);
    let way = Way::to(&before).await;
    let register = way.register();
    assert_eq!(read(&register).await, None);
    let _: String = before.ask(&["REPLICAOF", "127.0.0.1", "1"]).await;
    way.to.store(now.port, Ordering::SeqCst);
    let (first, done) = write(&register, None, "first").await;
    assert!(done);
    assert_eq!(read(&now.register()).await, Some(first));
}

/// Else every process would ask a server that is away as fast as it can.
#[test]
fn pauses_between_attempts_to_connect_double_up_to_half_a_second() {
    let mut pause = Duration::ZERO;
    for expected in [50, 100, 200, 400, 500, 500] {
        pause = longer(pause);
        assert_eq!(pause, Duration::from_millis(expected));
        assert!((pause / 2..=pause).contains(&spread(pause)));
    }
}

#[tokio::test]
async fn server_that_comes_back_is_used_again() {
    let mut server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    let register = server.register();
    let (first, _) = write(&register, None, "first").await;
    server.kill();
    for _ in 0..3 {
        let Err(StoreError::Fault(StoreFault::Redis { problem, server })) = register.read("session").await
        else {
            panic!("nobody answers")
        };
        assert_eq!(problem, RedisProblem::Network(Fault::Refused), "{server}");
    }
    server.start_again().await;
    until("answers again", || async { register.read("session").await == Ok(Some(first.clone())) }).await;
    assert!(write(&register, Some(first.version), "second").await.1);
}

#[tokio::test]
async fn callers_who_wait_for_one_attempt_share_its_outcome() {
    let way = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let register = register(&options(&format!("redis://{}", way.local_addr().unwrap())));
    let asking = futures_util::future::join_all((0..100).map(|_| register.read("session")));
    let refusing = async {
        let (first, _) = way.accept().await.unwrap();
        // The setup of a connection asks nothing that an old server must answer: this one closes it.
        drop(first);
        drop(way);
    };
    let (answers, ()) = tokio::join!(asking, refusing);
    assert!(answers.iter().all(Result::is_err));
}
