//! Tokens that are given at once: on a thread without a runtime, without waiting, and only where nothing else is to do.

use std::sync::{Arc, Mutex, OnceLock, Weak};

use crate::event::Event;
use crate::session::participant::Participant;
use crate::session::participant::host::{Host, KeepAlive};
use crate::session::tests::support::*;
use crate::session::{Credential, Session};

fn now(world: &World) -> Option<String> {
    let (session, by) = (Arc::clone(&world.session), Arc::clone(&world.by));
    // As JavaScript's thread: a flight that starts here panics.
    let look = move || session.credential_now(&by, None);
    match std::thread::spawn(look).join().unwrap()? {
        Credential::Tokens(held) => Some(held.tokens.access.expose().to_owned()),
        Credential::Anonymous(_) => Some("-".into()),
    }
}

#[tokio::test(start_paused = true)]
async fn fresh_token_is_given_at_once() {
    let world = World::using(living(1, secs(100))).await;
    assert_eq!(now(&world), Some("a1".into()));
    assert_eq!(world.ledger.lines(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_given_at_once_before_the_store_is_read() {
    let world = World::new(Some(pair(1)));
    assert_eq!(now(&world), None);
}

#[tokio::test(start_paused = true)]
async fn expired_token_is_not_given() {
    let world = World::using(stale(1)).await;
    assert_eq!(now(&world), None);
}

#[tokio::test(start_paused = true)]
async fn token_that_is_due_is_left_to_the_caller_that_can_rotate_it() {
    let world = World::using_with(living(1, secs(100)), |by| by.policy.refresh_ahead = Some(secs(200))).await;
    assert_eq!(now(&world), None);
    assert!(world.session.inner().flight.is_none());

    world.grant.will([Reply::tokens(2)]);
    assert_eq!(world.token().await, Ok("a1".into()));
    assert_eq!(now(&world), Some("a1".into()), "its rotation is under way");
    world.session.settled().await;
    assert_eq!(now(&world), Some("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn rejected_token_is_not_given_while_it_is_rotated() {
    let world = World::using(pair(1)).await;
    world.grant.will([Reply::late(secs(1), 2)]);
    let rejected = world.rejecting(world.stamp());
    quiet().await;
    assert_eq!(now(&world), None);
    assert_eq!(rejected.await.unwrap(), Ok("a2".into()));
    assert_eq!(now(&world), Some("a2".into()));
}

#[tokio::test(start_paused = true)]
async fn token_of_another_login_or_of_none_is_not_given() {
    let world = World::using(pair(1)).await;
    let before = world.session.epoch();
    world.login(Some(pair(5))).await.unwrap();
    assert!(world.session.credential_now(&world.by, Some(before)).is_none());
    assert!(world.session.credential_now(&world.by, Some(before + 1)).is_some());
    world.login(None).await.unwrap();
    assert_eq!(now(&world), None, "logged out");

    let world = World::using(stale(1)).await;
    world.grant.will([Reply::error(TERMINAL)]);
    world.token().await.unwrap_err();
    assert_eq!(now(&world), None, "lost");

    for (anonymous, given) in [(false, None), (true, Some("-".into()))] {
        let world = World::with(None, |by| by.policy.anonymous = anonymous);
        assert_eq!(now(&world), None, "the store was not read");
        world.session.tokens(&world.by).await.unwrap();
        assert_eq!(now(&world), given, "nobody has logged in");
    }
}

#[tokio::test(start_paused = true)]
async fn look_never_waits_for_the_lock() {
    let world = World::using(pair(1)).await;
    let _locked = world.session.inner();
    assert_eq!(now(&world), None);
}

/// Looks for a token while it is told that there are new ones.
struct Curious {
    around: OnceLock<(Weak<Session>, Weak<Participant>)>,
    seen: Mutex<Vec<bool>>,
}

impl Host for Curious {
    fn emit(&self, _session: &str, event: Event) {
        let Event::Refreshed(_) = event else { return };
        let (session, by) = self.around.get().unwrap();
        let look = session.upgrade().unwrap().credential_now(&by.upgrade().unwrap(), None);
        self.seen.lock().unwrap().push(look.is_some());
    }

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

#[tokio::test(start_paused = true)]
async fn new_token_is_not_given_before_its_hook_is_queued() {
    let host = Arc::new(Curious { around: OnceLock::new(), seen: Mutex::default() });
    let world = World::using_with(stale(1), |by| by.host = Arc::clone(&host) as _).await;
    host.around.set((Arc::downgrade(&world.session), Arc::downgrade(&world.by))).unwrap();
    world.grant.will([Reply::tokens(2)]);
    world.token().await.unwrap();
    assert_eq!(*host.seen.lock().unwrap(), [false]);
}
