//! Processes that share a register, and a server that ends a session when a token comes twice.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::clock;
use crate::fleet::documents::{Stored, parse};
use crate::fleet::record::{Id, Record};
use crate::fleet::{
    Asking, Fleet, MachineClock, Mark, Member, News, Rotated, Sender, Settings, State, Switches,
};
use crate::grant::GrantError;
use crate::lock::Lock;
use crate::secret::Secret;
use crate::store::Document;
use crate::store::testing::MemoryRegister;
use crate::token::Tokens;
use crate::token::tests::tokens;

pub(super) const LEASE: Duration = Duration::from_secs(10);
pub(super) const STRICT: Duration = Duration::ZERO;
pub(super) const GRACE: Duration = Duration::from_secs(60);

const SESSION: &str = "session";

#[derive(Clone, Default)]
pub(super) struct World {
    pub(super) register: MemoryRegister,
    pub(super) server: Arc<Server>,
}

/// Answers as it is told, else as a strict server.
#[derive(Default)]
pub(super) struct Server {
    replies: Lock<VecDeque<Reply>>,
    /// The refresh tokens that it was sent, and when.
    pub(super) asked: Lock<Vec<(Option<String>, clock::Instant)>>,
    /// The keys that they were bound to.
    pub(super) keys: Lock<Vec<Option<String>>>,
    accepted: Lock<Option<String>>,
    issued: Lock<u32>,
}

pub(super) struct Reply {
    pub(super) after: Duration,
    pub(super) answer: Result<Tokens, GrantError>,
}

pub(super) struct Process {
    pub(super) fleet: Fleet,
    pub(super) member: Member,
    pub(super) server: Arc<Server>,
    refused: AtomicBool,
    pub(super) connects_in: Lock<Duration>,
    /// How long it reads secrets before it sends.
    pub(super) reads_in: Lock<Duration>,
    pub(super) news: Lock<Vec<News>>,
}

pub(super) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(super) fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(super) fn terminal() -> GrantError {
    GrantError::Terminal { cause: None }
}

pub(super) fn ambiguous() -> GrantError {
    GrantError::Ambiguous { cause: None }
}

pub(super) fn unspent() -> GrantError {
    GrantError::Unspent { retry_after: None, cause: None }
}

pub(super) fn settings(grace: Duration) -> Settings {
    Settings {
        lease: LEASE,
        grace,
        refresh_deadline: secs(30),
        max_retries: 2,
        store_deadline: secs(2),
        owner: "owner".into(),
        switches: Switches::default(),
    }
}

impl World {
    /// A strict server, and somebody who is logged in with `r0`.
    pub(super) async fn logged_in(grace: Duration) -> (Self, Process) {
        let world = Self::default();
        let process = world.process(grace);
        world.log_in(&process, "0").await;
        world.register.calls();
        (world, process)
    }

    pub(super) async fn log_in(&self, process: &Process, name: &str) -> State {
        self.server.accept(&format!("r{name}"));
        let tokens = tokens(&format!("a{name}"), Some(&format!("r{name}")));
        process.member.login(&process.fleet, process.fleet.id(), Some(tokens)).await.unwrap().unwrap()
    }

    pub(super) fn process(&self, grace: Duration) -> Process {
        let register = Arc::new(self.register.clone());
        Process {
            fleet: Fleet { register, clock: Arc::new(MachineClock), settings: settings(grace) },
            member: Member::new(SESSION.into()),
            server: Arc::clone(&self.server),
            refused: AtomicBool::new(true),
            connects_in: Lock::default(),
            reads_in: Lock::default(),
            news: Lock::default(),
        }
    }

    /// Another process, which has read the record.
    pub(super) async fn another(&self, grace: Duration) -> Process {
        let process = self.process(grace);
        process.look().await;
        process
    }

    pub(super) fn document(&self) -> Option<Document> {
        self.register.get(SESSION)
    }

    pub(super) fn record(&self) -> Record {
        parse(&self.document().unwrap().text).unwrap()
    }

    pub(super) fn put(&self, document: Option<Document>) {
        self.register.put(SESSION, document);
    }

    /// Somebody else changes the record.
    pub(super) fn change(&self, process: &Process, change: impl FnOnce(&mut Record)) -> Record {
        let mut record = self.record();
        change(&mut record);
        let Stored { record, version } = process.fleet.draft(record).stored();
        let text = Secret::new(serde_json::to_string(&record).unwrap());
        self.put(Some(Document { text, version }));
        record
    }

    /// The refresh tokens that the server was sent.
    pub(super) fn sent(&self) -> Vec<String> {
        let asked = self.server.asked.lock();
        asked.iter().map(|(token, _)| token.clone().unwrap_or_default()).collect()
    }
}

impl Server {
    pub(super) fn accept(&self, token: &str) {
        *self.accepted.lock() = Some(token.into());
    }

    pub(super) fn will(&self, answers: impl IntoIterator<Item = Result<Tokens, GrantError>>) {
        self.will_after(Duration::ZERO, answers);
    }

    pub(super) fn will_after(
        &self,
        after: Duration,
        answers: impl IntoIterator<Item = Result<Tokens, GrantError>>,
    ) {
        self.replies.lock().extend(answers.into_iter().map(|answer| Reply { after, answer }));
    }

    fn rotate(&self, token: Option<&Secret>) -> Result<Tokens, GrantError> {
        let mut accepted = self.accepted.lock();
        if token.is_some() && accepted.as_deref() != token.map(Secret::expose) {
            *accepted = None;
            return Err(terminal());
        }
        let mut issued = self.issued.lock();
        *issued += 1;
        let refresh = token.map(|_| format!("r{issued}"));
        accepted.clone_from(&refresh);
        Ok(tokens(&format!("a{issued}"), refresh.as_deref()))
    }
}

impl Sender for Process {
    fn connect(&self) -> BoxFuture<'_, ()> {
        let time = *self.connects_in.lock();
        Box::pin(tokio::time::sleep(time))
    }

    fn send<'a>(&'a self, asking: Asking<'a>) -> BoxFuture<'a, Result<Tokens, GrantError>> {
        let token = asking.token.map(|token| token.expose().to_owned());
        let reads = *self.reads_in.lock();
        Box::pin(async move {
            if !reads.is_zero() {
                tokio::time::sleep(reads).await;
            }
            if !asking.permit.holds() {
                return Err(unspent());
            }
            self.server.asked.lock().push((token, clock::now()));
            self.server.keys.lock().push(asking.bound.map(|key| key.saved().expose().to_owned()));
            let reply = self.server.replies.lock().pop_front();
            let Some(Reply { after, answer }) = reply else { return self.server.rotate(asking.token) };
            tokio::time::sleep(after).await;
            answer
        })
    }

    fn refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    fn tell(&self, news: News) {
        self.news.lock().push(news);
    }
}

impl Process {
    pub(super) fn mark(&self) -> Option<Mark> {
        self.member.known().map(|state| state.mark)
    }

    /// The access token that is known.
    pub(super) fn access(&self) -> Option<String> {
        let tokens = self.member.known()?.tokens?;
        Some(tokens.access.expose().to_owned())
    }

    pub(super) async fn look(&self) -> Option<State> {
        self.member.look(&self.fleet).await.unwrap()
    }

    /// A token was refused.
    pub(super) async fn rotate(&self) -> Rotated {
        self.member.rotate(&self.fleet, self.mark(), self).await
    }

    /// The token is good for a while.
    pub(super) async fn rotate_early(&self) -> Rotated {
        self.refused.store(false, Ordering::Relaxed);
        let rotated = self.rotate().await;
        self.refused.store(true, Ordering::Relaxed);
        rotated
    }

    pub(super) async fn rotated(&self) -> State {
        match self.rotate().await {
            Rotated::Committed { state, unsaved: None } => state,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn id(&self) -> Id {
        self.fleet.id()
    }
}
