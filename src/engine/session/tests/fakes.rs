//! A grant, a store and a program that do what the test says, and write all calls into a ledger, in order.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::sleep;

use crate::error::Error;
use crate::event::Event;
use crate::grant::{Ask, Grant, GrantError};
use crate::session::participant::host::{Host, KeepAlive};
use crate::session::tests::support::{ms, pair, secs};
use crate::store::{Late, StoreError, StoreFuture, TokenCallbacks};
use crate::token::Tokens;

/// Everything that happened, in order.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<Vec<String>>>);

impl Ledger {
    pub(super) fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Everything that happened since the last `take`.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    pub(super) fn count(&self, start: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|line| line.starts_with(start)).count()
    }
}

/// One answer of the [`FakeGrant`].
pub(super) struct Reply {
    /// The time until the refresh is entered. None: it is answered without being entered.
    enters: Option<Duration>,
    takes: Duration,
    with: With,
}

pub(super) enum With {
    Tokens(Tokens),
    Error(GrantError),
    Panic,
}

impl Reply {
    pub(super) fn after(takes: Duration, with: With) -> Self {
        Self { enters: Some(Duration::ZERO), takes, with }
    }

    pub(super) fn tokens(n: u32) -> Self {
        Self::after(ms(10), With::Tokens(pair(n)))
    }

    pub(super) fn late(takes: Duration, n: u32) -> Self {
        Self::after(takes, With::Tokens(pair(n)))
    }

    pub(super) fn error(error: GrantError) -> Self {
        Self::after(ms(10), With::Error(error))
    }

    pub(super) fn never() -> Self {
        Self::after(secs(1_000_000), With::Panic)
    }

    pub(super) fn entering_after(self, enters: Option<Duration>) -> Self {
        Self { enters, ..self }
    }
}

/// Gives the answers that the test lists. A refresh without an answer on the list fails the test.
pub(super) struct FakeGrant {
    ledger: Ledger,
    replies: Mutex<VecDeque<Reply>>,
    pub(super) revokes_on_logout: AtomicBool,
    /// The server does not revoke tokens.
    pub(super) keeps_tokens: AtomicBool,
    /// How long a revocation takes.
    pub(super) revoking: Mutex<Duration>,
}

impl FakeGrant {
    pub(super) fn new(ledger: Ledger) -> Self {
        let (replies, revokes_on_logout, keeps_tokens, revoking) = Default::default();
        Self { ledger, replies, revokes_on_logout, keeps_tokens, revoking }
    }

    pub(super) fn will(&self, replies: impl IntoIterator<Item = Reply>) {
        self.replies.lock().unwrap().extend(replies);
    }

    pub(super) fn rest(&self) -> usize {
        self.replies.lock().unwrap().len()
    }
}

impl Grant for FakeGrant {
    fn refresh(&self, ask: Ask) -> BoxFuture<'_, Result<Tokens, GrantError>> {
        let token = ask.refresh_token.as_ref().map_or("nothing", |token| token.expose());
        let claims =
            ask.claims.as_ref().map_or_else(String::new, |claims| format!(" for {}", claims.expose()));
        let key = ask.bound.as_ref().map_or_else(String::new, |key| format!(" by {}", key.saved().expose()));
        self.ledger.add(format!("ask {token} #{}{key}{claims}", ask.attempt));
        let reply = self.replies.lock().unwrap().pop_front().expect("an unexpected refresh");
        let unanswered = Unanswered { ledger: self.ledger.clone(), answered: false };
        Box::pin(async move {
            if let Some(pause) = reply.enters {
                sleep(pause).await;
                ask.entered.fire();
            }
            sleep(reply.takes).await;
            unanswered.settle();
            match reply.with {
                With::Tokens(tokens) => Ok(tokens),
                With::Error(error) => Err(error),
                With::Panic => panic!("the grant panics, as the test wants"),
            }
        })
    }

    fn revoke<'a>(&'a self, tokens: &'a Tokens) -> BoxFuture<'a, Result<(), Error>> {
        self.ledger.add(format!("revoke {}", tokens.access.expose()));
        let time = *self.revoking.lock().unwrap();
        Box::pin(async move {
            sleep(time).await;
            if self.keeps_tokens.load(Ordering::Relaxed) {
                return Err(Error::Revoke { said: "HTTP 503".into(), may_pass: true });
            }
            Ok(())
        })
    }

    fn revokes_on_logout(&self) -> bool {
        self.revokes_on_logout.load(Ordering::Relaxed)
    }
}

struct Unanswered {
    ledger: Ledger,
    answered: bool,
}

impl Unanswered {
    fn settle(mut self) {
        self.answered = true;
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        if !self.answered {
            self.ledger.add("given up");
        }
    }
}

/// Keeps one set of tokens, slowly and unreliably if the test says so.
pub(super) struct FakeStore {
    pub(super) ledger: Ledger,
    kept: Arc<Mutex<Option<Tokens>>>,
    reads: Mutex<VecDeque<StoreError>>,
    writes: Mutex<VecDeque<StoreError>>,
    late: Mutex<VecDeque<(Duration, Result<(), StoreError>)>>,
    read_takes: Mutex<Duration>,
    write_takes: Mutex<VecDeque<Duration>>,
    panics: AtomicUsize,
    writing: AtomicBool,
}

impl FakeStore {
    pub(super) fn holding(ledger: Ledger, kept: Option<Tokens>) -> Self {
        Self {
            ledger,
            kept: Arc::new(Mutex::new(kept)),
            reads: Mutex::default(),
            writes: Mutex::default(),
            late: Mutex::default(),
            read_takes: Mutex::default(),
            write_takes: Mutex::default(),
            panics: AtomicUsize::new(0),
            writing: AtomicBool::new(false),
        }
    }

    /// The access token kept, `-` for none.
    pub(super) fn kept(&self) -> String {
        name(self.kept.lock().unwrap().as_ref())
    }

    pub(super) fn tokens(&self) -> Option<Tokens> {
        self.kept.lock().unwrap().clone()
    }

    pub(super) fn put(&self, tokens: Option<Tokens>) {
        *self.kept.lock().unwrap() = tokens;
    }

    /// The next reads fail, once for each error.
    pub(super) fn fail_reads(&self, errors: impl IntoIterator<Item = StoreError>) {
        self.reads.lock().unwrap().extend(errors);
    }

    /// The next writes fail, once for each error.
    pub(super) fn fail_writes(&self, errors: impl IntoIterator<Item = StoreError>) {
        self.writes.lock().unwrap().extend(errors);
    }

    /// The next writes outlive their deadline by this time, and end with this result. At their end they are applied, also
    /// those that fail, but not those that are `Gone`.
    pub(super) fn late_writes(&self, late: impl IntoIterator<Item = (Duration, Result<(), StoreError>)>) {
        self.late.lock().unwrap().extend(late);
    }

    pub(super) fn slow(&self, read_takes: Duration, write_takes: impl IntoIterator<Item = Duration>) {
        *self.read_takes.lock().unwrap() = read_takes;
        *self.write_takes.lock().unwrap() = write_takes.into_iter().collect();
    }

    pub(super) fn panic_next(&self, calls: usize) {
        self.panics.store(calls, Ordering::Relaxed);
    }

    fn maybe_panic(&self) {
        let left = self.panics.load(Ordering::Relaxed);
        if left > 0 {
            self.panics.store(left - 1, Ordering::Relaxed);
            panic!("the store panics, as the test wants");
        }
    }
}

impl TokenCallbacks for FakeStore {
    fn read<'a>(&'a self, _key: &'a str) -> StoreFuture<'a, Option<Tokens>> {
        Box::pin(async move {
            let takes = *self.read_takes.lock().unwrap();
            sleep(takes).await;
            self.maybe_panic();
            let kept = match self.reads.lock().unwrap().pop_front() {
                Some(error) => Err(error),
                None => Ok(self.kept.lock().unwrap().clone()),
            };
            self.ledger
                .add(format!("read {}", kept.as_ref().map_or("failed".into(), |kept| name(kept.as_ref()))));
            kept
        })
    }

    fn write<'a>(&'a self, _key: &'a str, tokens: Option<&'a Tokens>) -> StoreFuture<'a, Option<Late>> {
        Box::pin(async move {
            assert!(!self.writing.swap(true, Ordering::Relaxed), "two writes at once");
            let takes = self.write_takes.lock().unwrap().pop_front().unwrap_or_default();
            sleep(takes).await;
            self.writing.store(false, Ordering::Relaxed);
            self.maybe_panic();
            if let Some((after, result)) = self.late.lock().unwrap().pop_front() {
                self.ledger.add(format!("late {}", name(tokens)));
                let (kept, ledger, tokens) = (Arc::clone(&self.kept), self.ledger.clone(), tokens.cloned());
                let late: Late = Box::pin(async move {
                    sleep(after).await;
                    if result != Err(StoreError::Gone) {
                        ledger.add(format!("landed {}", name(tokens.as_ref())));
                        *kept.lock().unwrap() = tokens;
                    }
                    result
                });
                return Ok(Some(late));
            }
            let failure = self.writes.lock().unwrap().pop_front();
            self.ledger.add(format!(
                "{} {}",
                if failure.is_some() { "unsaved" } else { "save" },
                name(tokens)
            ));
            if let Some(error) = failure {
                return Err(error);
            }
            self.put(tokens.cloned());
            Ok(None)
        })
    }
}

fn name(tokens: Option<&Tokens>) -> String {
    tokens.map_or("-".into(), |tokens| tokens.access.expose().to_owned())
}

/// A program that writes events into the ledger, and counts what keeps it running.
pub(super) struct FakeHost {
    ledger: Ledger,
    holds: Arc<AtomicUsize>,
    keeps: Arc<AtomicUsize>,
    gone: AtomicBool,
    traced: Mutex<Vec<Event>>,
}

impl FakeHost {
    pub(super) fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            holds: Arc::default(),
            keeps: Arc::default(),
            gone: AtomicBool::new(false),
            traced: Mutex::default(),
        }
    }

    pub(super) fn holds(&self) -> usize {
        self.holds.load(Ordering::Relaxed)
    }

    pub(super) fn keeps(&self) -> usize {
        self.keeps.load(Ordering::Relaxed)
    }

    /// The beginnings and ends of rotations.
    pub(super) fn traced(&self) -> Vec<Event> {
        self.traced.lock().unwrap().clone()
    }

    pub(super) fn end(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }
}

impl Host for FakeHost {
    fn emit(&self, session: &str, event: Event) {
        assert_eq!(session, "key");
        self.ledger.add(match event {
            // `traces.rs` looks at these. Elsewhere they would be two more lines for each rotation.
            Event::RotationBegins { .. } | Event::RotationEnds(_) => {
                self.traced.lock().unwrap().push(event);
                return;
            }
            Event::BeforeRefresh { .. } => "before".into(),
            Event::Refreshed(tokens) => format!("refreshed {}", tokens.access.expose()),
            Event::RefreshFailed(error) => format!("failed {}", error.code()),
            Event::PersistFailed(error) => format!("persist failed {}", error.code()),
            Event::Superseded(tokens) => format!("superseded {}", tokens.access.expose()),
            Event::RevokeFailed(error) => format!("revoke failed {}", error.code()),
            Event::Logout => "logout".into(),
        });
    }

    fn keep_process_alive(&self) -> KeepAlive {
        counted(&self.holds)
    }

    fn keep_callbacks_alive(&self) -> KeepAlive {
        counted(&self.keeps)
    }

    fn alive(&self) -> bool {
        !self.gone.load(Ordering::Relaxed)
    }
}

fn counted(count: &Arc<AtomicUsize>) -> KeepAlive {
    struct Held(Arc<AtomicUsize>);
    impl Drop for Held {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
    count.fetch_add(1, Ordering::Relaxed);
    Box::new(Held(Arc::clone(count)))
}
