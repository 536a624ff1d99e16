//! The bound, and the sessions that it leaves alone.

use std::sync::Arc;
use std::time::Duration;

use crate::event::Event;
use crate::session::participant::Participant;
use crate::session::participant::host::{Host, KeepAlive};
use crate::session::registry::{Registry, StoreId};
use crate::session::tests::support::*;
use crate::session::{Held, Session, Stamp, Verdict};
use crate::store::Store;
use crate::wait::arrival::Arrival;

const MOST: usize = 4;

/// One client with a store in memory and any number of sessions.
struct Many {
    registry: Arc<Registry>,
    by: Arc<Participant>,
    grant: Arc<FakeGrant>,
    ledger: Ledger,
}

/// A program without hooks.
struct Nobody;

impl Host for Nobody {
    fn emit(&self, _session: &str, _event: Event) {}

    fn keep_process_alive(&self) -> KeepAlive {
        Box::new(())
    }

    fn keep_callbacks_alive(&self) -> KeepAlive {
        Box::new(())
    }

    fn alive(&self) -> bool {
        true
    }
}

impl Many {
    fn new() -> Self {
        let (registry, ledger) = (Registry::of(StoreId::Private), Ledger::default());
        let grant = Arc::new(FakeGrant::new(ledger.clone()));
        let mut by = participant(Arc::clone(&grant) as _, registry.memory(), Arc::new(Nobody));
        by.identities = Some(registry.identities(MOST, true));
        Self { registry, by: Arc::new(by), grant, ledger }
    }

    fn session(&self, key: &str) -> Arc<Session> {
        let session = self.registry.session(key);
        session.join(&self.by);
        session
    }

    /// Tokens as a grant brings them that needs no human.
    fn will(&self, takes: Duration, n: u32) {
        let tokens = crate::token::tests::tokens(&format!("a{n}"), None);
        self.grant.will([Reply::after(takes, With::Tokens(tokens))]);
    }

    async fn token(&self, session: &Arc<Session>) -> Arc<Held> {
        session.token(&self.by, session.epoch(), Arrival::draw()).await.unwrap()
    }

    async fn first_token(&self, key: u32) -> Arc<Session> {
        let session = self.session(&key.to_string());
        self.will(ms(10), key);
        self.token(&session).await;
        session
    }

    async fn in_memory(&self, key: &str) -> bool {
        self.registry.memory().read(key).await.unwrap().is_some()
    }
}

fn holds(session: &Session) -> bool {
    session.now().0.is_some()
}

#[tokio::test(start_paused = true)]
async fn the_oldest_forget_their_tokens_and_get_new_ones_when_they_are_used() {
    let many = Many::new();
    let mut sessions = Vec::new();
    for key in 0..20 {
        sessions.push(many.first_token(key).await);
        let held = sessions.iter().filter(|session| holds(session)).count();
        assert!(held <= MOST, "{held} after {key}");
    }
    assert!(sessions[16..].iter().all(|session| holds(session)));
    assert!(many.in_memory("19").await && !many.in_memory("0").await);
    assert_eq!(many.ledger.count("ask"), 20);
    many.will(ms(10), 100);
    assert_eq!(many.token(&sessions[0]).await.tokens.access.expose(), "a100");
    many.token(&sessions[0]).await;
    assert_eq!(many.ledger.count("ask"), 21);
}

#[tokio::test(start_paused = true)]
async fn tokens_of_sessions_that_the_program_has_dropped_are_bounded_too() {
    let many = Many::new();
    for key in 0..20 {
        let session = many.first_token(key).await;
        many.registry.leave(&session);
    }
    let mut kept = 0;
    for key in 0..20 {
        kept += usize::from(many.in_memory(&key.to_string()).await);
    }
    assert_eq!(kept, MOST);
}

#[tokio::test(start_paused = true)]
async fn session_in_use_outlives_those_that_are_not() {
    let many = Many::new();
    let used = many.first_token(0).await;
    for key in 1..20 {
        many.first_token(key).await;
        many.token(&used).await;
    }
    assert_eq!(many.ledger.count("ask"), 20, "0 asked once");
}

#[tokio::test(start_paused = true)]
async fn session_that_rotates_is_put_back() {
    let many = Many::new();
    let rotating = many.first_token(0).await;
    many.will(secs(5), 50);
    let (session, by) = (Arc::clone(&rotating), Arc::clone(&many.by));
    let rotation = tokio::spawn(async move { session.rotate(&by, None).await });
    quiet().await;
    for key in 1..30 {
        many.first_token(key).await;
    }
    assert!(holds(&rotating));
    assert_eq!(rotation.await.unwrap().unwrap().tokens.access.expose(), "a50");
    assert!(many.in_memory("0").await);
}

#[tokio::test(start_paused = true)]
async fn login_in_memory_stays_for_ever() {
    let many = Many::new();
    let person = many.session("person");
    person.login(&many.by, Some(pair(1))).await.unwrap();
    many.grant.will([Reply::tokens(2)]);
    person.rotate(&many.by, None).await.unwrap();
    many.registry.leave(&person);
    drop(person);
    for key in 0..20 {
        many.first_token(key).await;
    }
    let person = many.session("person");
    assert_eq!(many.token(&person).await.tokens.access.expose(), "a2");
    // Also after a rotation by another client of the store, which never saw the login.
    many.grant.will([Reply::tokens(3)]);
    person.rotate(&many.by, None).await.unwrap();
    for key in 20..40 {
        many.first_token(key).await;
    }
    assert!(holds(&person) && many.in_memory("person").await);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_are_not_saved_stay() {
    let many = Many::new();
    let unsaved = World::with(None, |by| by.identities.clone_from(&many.by.identities));
    unsaved.store.fail_writes(std::iter::repeat_n(STORE_DOWN, 10));
    unsaved.grant.will([Reply::tokens(1)]);
    unsaved.token().await.unwrap();
    for key in 0..20 {
        many.first_token(key).await;
    }
    assert!(holds(&unsaved.session), "nobody else has its refresh token");
    tokio::time::sleep(secs(60)).await;
    for key in 20..40 {
        many.first_token(key).await;
    }
    assert!(!holds(&unsaved.session) && unsaved.store.kept() == "a1");
}

#[tokio::test(start_paused = true)]
async fn request_whose_token_was_forgotten_is_replayed_when_it_is_rejected() {
    let many = Many::new();
    let session = many.first_token(0).await;
    let sent = sending(Stamp::of(&*many.token(&session).await));
    for key in 1..20 {
        many.first_token(key).await;
    }
    assert!(!holds(&session));
    many.will(ms(10), 77);
    let verdict = session.rejected(&many.by, sent, None, Arrival::draw()).await.unwrap();
    let Verdict::Replay(held) = verdict else { panic!("{verdict:?}") };
    assert_eq!(held.tokens.access.expose(), "a77");
}
