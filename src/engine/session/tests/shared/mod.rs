//! Two processes with one register: each has a session, a grant and a program of its own.

mod confirmations;
mod exits;
mod interleavings;
mod logins;
mod outages;
mod refusals;
mod register;
mod rotations;

use std::sync::Arc;

use crate::fleet::{Fleet, MachineClock, Settings, Switches};
use crate::session::participant::Participant;
use crate::session::tests::shared::register::FakeRegister;
use crate::session::tests::support::*;
use crate::store::MemoryStore;
use crate::token::Tokens;

const LEASE: u64 = 10;

fn fleet(register: &Arc<FakeRegister>) -> Fleet {
    Fleet {
        register: Arc::clone(register) as _,
        clock: Arc::new(MachineClock),
        settings: Settings {
            lease: secs(LEASE),
            grace: secs(0),
            refresh_deadline: secs(10),
            max_retries: 0,
            store_deadline: secs(2),
            owner: "test".into(),
            switches: Switches::default(),
        },
    }
}

fn process(register: &Arc<FakeRegister>) -> World {
    process_with(register, |_| {})
}

fn process_with(register: &Arc<FakeRegister>, change: impl FnOnce(&mut Participant)) -> World {
    World::with(None, |by| {
        // As a client with a shared store has it: logins get their ids from it.
        by.store = Arc::new(MemoryStore::default());
        by.fleet = Some(Arc::new(fleet(register)));
        change(by);
    })
}

/// Two processes that use `tokens`.
async fn two(tokens: Tokens) -> (Arc<FakeRegister>, World, World) {
    let register = Arc::new(FakeRegister::default());
    let (one, other) = (process(&register), process(&register));
    one.login(Some(tokens)).await.unwrap();
    other.session.tokens(&other.by).await.unwrap().expect("tokens of the store");
    register.calls();
    (register, one, other)
}

fn asks(world: &World) -> usize {
    world.ledger.count("ask")
}
