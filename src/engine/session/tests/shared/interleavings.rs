//! Processes of one register in hundreds of random orders: requests, rejections, logins and logouts, processes that end, and a
//! store that fails. A strict authorization server judges them: it counts every refresh token that it gets a second time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::{sleep, timeout};

use crate::error::Error;
use crate::grant::{Ask, Grant, GrantError};
use crate::session::tests::shared::*;
use crate::session::tests::strict_server::{StrictServer, serial};
use crate::session::tests::support::*;
use crate::session::{Held, Sending, Stamp, Verdict};
use crate::store::testing::MemoryRegister;
use crate::store::{Document, MemoryStore, Register, StoreError, StoreFuture, Version};
use crate::token::Tokens;
use crate::wait::arrival::Arrival;

const SEEDS: u64 = 60;
const PROCESSES: usize = 3;

/// Longer than the longest request.
const PATIENCE: Duration = secs(600);

/// The authorization server, the API and the register. They are slow and unreliable by chance.
struct Outside {
    chance: Mutex<StdRng>,
    auth: Mutex<StrictServer>,
    memory: MemoryRegister,
    watched: bool,
    /// The share of the register's calls that fail, in percent.
    faults: Mutex<u32>,
}

impl Outside {
    fn below(&self, most: u64) -> u64 {
        self.chance.lock().unwrap().random_range(0..most)
    }

    fn chance(&self, percent: u32) -> bool {
        self.below(100) < percent.into()
    }

    async fn travel(&self, longest: u64) {
        sleep(ms(self.below(longest + 1))).await;
    }

    /// Issues tokens of the login that `from` belongs to, or of a new login.
    fn issue(&self, from: Option<u32>) -> Tokens {
        let lifetime = ms(300 + self.below(4_000));
        let serial = self.auth.lock().unwrap().issue(from, lifetime);
        if self.chance(70) { living(serial, lifetime) } else { pair(serial) }
    }

    fn login_of(&self, held: &Held) -> u32 {
        self.auth.lock().unwrap().login_of(&held.tokens)
    }

    fn takes(&self, tokens: &Tokens) -> bool {
        self.auth.lock().unwrap().takes(tokens)
    }

    fn fails(&self) -> bool {
        let percent = *self.faults.lock().unwrap();
        self.chance(percent)
    }
}

struct Server(Arc<Outside>);

impl Grant for Server {
    fn refresh(&self, ask: Ask) -> BoxFuture<'_, Result<Tokens, GrantError>> {
        Box::pin(async move {
            let Self(outside) = self;
            outside.travel(5).await;
            ask.entered.fire();
            if !ask.permit.holds() {
                return Err(unspent(None));
            }
            outside.travel(20).await;
            if outside.chance(10) {
                return Err(unspent(None));
            }
            let Some(token) = ask.refresh_token else { return Err(GrantError::Unknown { cause: None }) };
            let Some(from) = outside.auth.lock().unwrap().spend(&token) else { return Err(TERMINAL) };
            let tokens = outside.issue(Some(from));
            outside.travel(if outside.chance(5) { 4_000 } else { 30 }).await;
            Ok(tokens)
        })
    }
}

struct Shelf(Arc<Outside>);

impl Register for Shelf {
    fn read<'a>(&'a self, session: &'a str) -> StoreFuture<'a, Option<Document>> {
        Box::pin(async move {
            self.0.travel(10).await;
            if self.0.fails() {
                return Err(STORE_DOWN);
            }
            let read = self.0.memory.read(session).await;
            self.0.travel(10).await;
            read
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let Self(outside) = self;
            outside.travel(10).await;
            let fails = outside.fails();
            if fails && outside.chance(30) {
                let (late, session, next) = (Arc::clone(outside), session.to_owned(), next.clone());
                tokio::spawn(async move {
                    late.travel(3_000).await;
                    late.memory.compare_and_set(&session, expected, &next).await
                });
            } else if !fails || outside.chance(50) {
                let done = outside.memory.compare_and_set(session, expected, next).await;
                outside.travel(10).await;
                if !fails {
                    return done;
                }
            }
            Err(StoreError::TimedOut)
        })
    }

    fn watch<'a>(&'a self, session: &str) -> Option<BoxFuture<'a, ()>> {
        self.0.watched.then(|| self.0.memory.watch(session)).flatten()
    }
}

fn start(outside: &Arc<Outside>) -> World {
    World::with(None, |by| {
        let register = Arc::new(Shelf(Arc::clone(outside))) as Arc<dyn Register>;
        by.store = Arc::new(MemoryStore::default());
        by.fleet = Some(Arc::new(Fleet { register, ..fleet(&Arc::default()) }));
        by.grant = Arc::new(Server(Arc::clone(outside)));
        by.policy.spread = None;
    })
}

/// Sends requests until its process closes.
async fn requests(outside: Arc<Outside>, world: World) {
    while !world.by.closed.is_cancelled() {
        outside.travel(800).await;
        let request = request(&outside, &world);
        let Ok(ended) = timeout(PATIENCE, request).await else { panic!("a request never settled") };
        if let Err(error) = ended {
            let codes =
                ["ERR_SESSION_LOST", "ERR_STORE_UNAVAILABLE", "ERR_REFRESH_FAILED", "ERR_CLIENT_CLOSED"];
            assert!(codes.contains(&error.code()), "{error:?}");
        }
    }
}

async fn request(outside: &Outside, world: &World) -> Result<(), Error> {
    let World { session, by, .. } = world;
    let (before, stamp) = session.now();
    let lost = session.is_lost();
    let mut held = session.token(by, stamp.epoch, Arrival::draw()).await?;
    let login = outside.login_of(&held);
    if let Some(before) = before.filter(|_| !lost) {
        assert_eq!(outside.login_of(&before), login, "another login's token");
    }
    for replay in 0..3 {
        outside.travel(20).await;
        let sending = Sending { replayed: replay > 0, ..sending(Stamp::of(&held)) };
        if outside.takes(&held.tokens) {
            session.accepted(sending);
            return Ok(());
        }
        held = match session.rejected(by, sending, None, Arrival::draw()).await? {
            Verdict::Replay(newer) => newer,
            Verdict::Again(pause) => {
                sleep(pause).await;
                session.token(by, held.epoch(), Arrival::draw()).await?
            }
            Verdict::GiveBack => return Ok(()),
        };
        assert_eq!(outside.login_of(&held), login, "replayed with another login's token");
    }
    Ok(())
}

/// As `close()` does.
async fn close(world: World) {
    world.by.closed.cancel();
    world.by.ending.cancel();
    world.session.settled().await;
    world.host.end();
}

struct Run {
    outside: Arc<Outside>,
    worlds: Vec<World>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    /// The tokens of the last login, None for a logout.
    last: Option<u32>,
    /// Two logins raced, so that either may be the last one.
    raced: bool,
    /// False if a login that failed may take effect later.
    sure: bool,
}

impl Run {
    fn new(seed: u64) -> Self {
        let outside = Arc::new(Outside {
            chance: Mutex::new(StdRng::seed_from_u64(seed)),
            auth: Mutex::default(),
            memory: MemoryRegister::default(),
            watched: seed.is_multiple_of(2),
            faults: Mutex::new(if seed % 4 < 2 { 0 } else { 6 }),
        });
        let mut run =
            Self { outside, worlds: Vec::new(), tasks: Vec::new(), last: None, raced: false, sure: true };
        for _ in 0..PROCESSES {
            let world = run.starts();
            run.worlds.push(world);
        }
        run
    }

    fn starts(&mut self) -> World {
        let world = start(&self.outside);
        for _ in 0..2 {
            self.tasks.push(tokio::spawn(requests(Arc::clone(&self.outside), world.clone())));
        }
        world
    }

    fn pick(&self) -> usize {
        usize::try_from(self.outside.below(PROCESSES as u64)).unwrap()
    }

    async fn event(&mut self) {
        self.outside.travel(2_500).await;
        let one = self.pick();
        match self.outside.below(10) {
            0..4 => {
                let tokens = (!self.outside.chance(25)).then(|| self.outside.issue(None));
                (self.last, self.raced) = (tokens.as_ref().map(serial), false);
                // A login that failed may take effect later, also over a newer one.
                self.sure &= self.worlds[one].login(tokens).await.is_ok();
            }
            4 => {
                let logins = [self.pick(), self.pick()].map(|one| {
                    let (world, tokens) = (self.worlds[one].clone(), self.outside.issue(None));
                    async move { world.login(Some(tokens)).await }
                });
                let stored = futures_util::future::join_all(logins).await;
                self.sure &= stored.iter().all(Result::is_ok);
                self.raced = true;
            }
            5..7 => {
                let world = &self.worlds[one];
                let _ = world.session.rotate(&world.by, None).await;
            }
            7..9 => {
                let next = self.starts();
                let closed = std::mem::replace(&mut self.worlds[one], next);
                self.tasks.push(tokio::spawn(close(closed)));
            }
            _ => {
                let usual = std::mem::replace(&mut *self.outside.faults.lock().unwrap(), 100);
                self.outside.travel(2_000).await;
                *self.outside.faults.lock().unwrap() = usual;
            }
        }
    }

    /// With a store that works again, all processes come to the newest tokens of the last login.
    async fn judge(mut self, seed: u64) -> usize {
        *self.outside.faults.lock().unwrap() = 0;
        sleep(secs(120)).await;
        let newcomer = start(&self.outside);
        let _ = newcomer.token().await;
        let login = newcomer.session.now().0.map(|held| self.outside.login_of(&held));
        if self.sure && !self.raced {
            assert_eq!(login, self.last, "seed {seed}: the last login counts");
        }
        for world in &self.worlds {
            let (held, _) = world.session.now();
            assert_eq!(
                held.map(|held| self.outside.login_of(&held)),
                login,
                "seed {seed}: all have one login"
            );
        }
        for world in std::mem::take(&mut self.worlds) {
            close(world).await;
        }
        for task in self.tasks {
            if let Err(failed) = timeout(PATIENCE, task).await.expect("an end") {
                std::panic::resume_unwind(failed.into_panic());
            }
        }
        if login.is_some() {
            for _ in 0..20 {
                if newcomer.session.rotate(&newcomer.by, None).await.is_ok() {
                    break;
                }
                sleep(secs(5)).await;
            }
            let held = newcomer.session.now().0.unwrap();
            let auth = self.outside.auth.lock().unwrap();
            assert!(auth.is_newest(&held.tokens), "seed {seed}: the newest tokens are stored");
        }
        let auth = self.outside.auth.lock().unwrap();
        assert!(auth.reused.is_empty(), "seed {seed}: refresh tokens sent twice");
        auth.spent.len()
    }
}

#[test]
fn no_token_is_sent_twice_and_no_login_comes_back_in_any_order_of_events() {
    let first = std::env::var("SEED").map_or(0, |seed| seed.parse().unwrap());
    let spent: usize = (first..first + SEEDS)
        .map(|seed| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut run = Run::new(seed);
                let first = run.outside.issue(None);
                run.last = Some(serial(&first));
                run.sure = run.worlds[0].login(Some(first)).await.is_ok();
                for _ in 0..20 {
                    run.event().await;
                }
                run.judge(seed).await
            })
        })
        .sum();
    // Otherwise nothing was shown.
    assert!(spent > 1_500, "{spent} rotations");
}
