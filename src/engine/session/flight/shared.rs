//! Steps of a flight whose store other processes use too. The fleet's protocol reads, claims, sends and commits; a flight
//! asks the grant, and changes its session to what came of it.

use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use futures_util::future::BoxFuture;
use tokio::sync::Mutex;

use crate::clock;
use crate::clock::Instant;
use crate::error::{Error, RefreshFailure, RefreshFailureKind, StoreAction};
use crate::event::Event;
use crate::exit;
use crate::fleet::{Asking, Mark, Member, News, Rotated, Sender, State as Known};
use crate::grant::GrantError;
use crate::session::flight::finish::{Ended, failure};
use crate::session::flight::{Flight, FlightHandle};
use crate::session::held::Versioned;
use crate::session::participant::Participant;
use crate::session::{Inner, Session};
use crate::store::StoreError;
use crate::token::Tokens;

impl Flight {
    /// Reads the store for the first time, or looks there for another login after a loss. A store that has never had tokens
    /// gets the seed.
    pub(super) async fn load_shared(&mut self, member: &Member) -> Ended {
        let was_lost = self.session.is_lost();
        let read = match self.session.save_newest(&self.by).await {
            Ok(()) => self.read_shared(member).await,
            Err(failed) => Err(failed),
        };
        match read {
            Ok(known) => self.learn(known.as_ref()),
            Err(_) if was_lost => Ended::StillLost,
            Err(failed) => Ended::Unread(failed.told(StoreAction::Read)),
        }
    }

    async fn read_shared(&mut self, member: &Member) -> Result<Option<Known>, StoreError> {
        while let Some(fleet) = self.by.fleet.clone() {
            let read = member.look(&fleet).await;
            let seed = if matches!(read, Ok(None)) { self.by.seed.take(&self.session.key) } else { None };
            let read = match seed {
                None => read,
                Some(seed) => {
                    let seeded = member.seed(&fleet, fleet.id(), seed.clone()).await;
                    if seeded.is_err() {
                        self.by.seed.put_back(seed);
                    }
                    seeded
                }
            };
            if !matches!(read, Err(StoreError::Gone)) || !self.change_participant() {
                return read;
            }
        }
        Err(StoreError::Gone)
    }

    pub(super) async fn rotate_shared(&mut self, member: &Member) -> Ended {
        // The fleet must know of a login before it looks for another one.
        if let Err(failed) = self.session.save_newest(&self.by).await {
            return Ended::Failed(failed.told(StoreAction::Write));
        }
        let mut base = self.base();
        loop {
            match self.turn(member, base).await {
                Continue(next) => base = next,
                Break(ended) => return ended,
            }
        }
    }

    /// The state that this flight is to replace.
    fn base(&self) -> Base {
        let inner = self.session.inner();
        let held = inner.state.held();
        Base {
            mark: self.mark,
            tokens: held.map(|held| Versioned { tokens: Arc::clone(&held.tokens), version: held.version }),
        }
    }

    /// Goes on with the state to replace next.
    async fn turn(&mut self, member: &Member, base: Base) -> ControlFlow<Ended, Base> {
        self.check_login()?;
        let Some(fleet) = self.by.fleet.clone() else { return Break(failed(StoreError::Gone)) };
        let sender = Asks::of(self, &base);
        let rotated = member.rotate(&fleet, base.mark, &sender).await;
        let malformed = sender.asked.into_inner().malformed;
        let Base { mark, tokens: from } = base;
        Break(match rotated {
            Rotated::Committed { state, unsaved } => self.committed(&state, from, malformed, unsaved),
            Rotated::Adopted(state) => return self.adopt_shared(&state, from),
            Rotated::Later if self.handle.awaited.load(Relaxed) => {
                return Continue(Base { mark, tokens: from });
            }
            Rotated::Later => {
                if let Some(shared) = &mut self.session.inner().shared {
                    shared.leave_to_another(clock::uptime());
                }
                Ended::Unchanged
            }
            Rotated::StoreUnavailable(StoreError::Gone) if self.change_participant() => {
                return Continue(Base { mark, tokens: from });
            }
            Rotated::StoreUnavailable(error) => failed(error),
            Rotated::Nobody => match self.learn(member.known().as_ref()) {
                Ended::Unchanged => Ended::FoundLoggedOut,
                ended => ended,
            },
            Rotated::Lost { reason, by_us, cause } => {
                let known = member.known();
                let found = self.learn(known.as_ref());
                let error = Error::SessionLost { reason, cause };
                match found {
                    _ if by_us => Ended::Lost(error),
                    Ended::FoundLost { .. } => found,
                    _ => Ended::FoundLost { tokens: None, other_login: false, error },
                }
            }
            Rotated::CoolingDown { left } => Ended::Failed(Error::Refresh(RefreshFailure {
                kind: RefreshFailureKind::Failed,
                retry_after: Some(left),
                cause: None,
            })),
            Rotated::LockTimeout { waited } => Ended::Failed(Error::LockTimeout { after: waited }),
            Rotated::Failed(error) => {
                let sent = from.is_some_and(|from| from.tokens.refresh.is_some());
                Ended::Failed(failure(error, sent))
            }
            Rotated::Superseded { tokens, state } => self.superseded(tokens, state.as_ref(), from),
        })
    }

    fn learn(&mut self, known: Option<&Known>) -> Ended {
        self.mark = Inner::mark_of(known);
        self.session.inner().learn(known)
    }

    fn committed(
        &mut self,
        state: &Known,
        from: Option<Versioned>,
        malformed: Option<Error>,
        unsaved: Option<StoreError>,
    ) -> Ended {
        self.mark = Some(state.mark);
        let Some(tokens) = &state.tokens else { return Ended::Overtaken };
        let version = state.mark.commit.0.to_be_bytes().into();
        let tokens = Versioned { tokens: Arc::clone(tokens), version };
        if let Some(error) = unsaved {
            self.session.save_later(&self.by, self.epoch, &tokens, error);
        }
        match malformed {
            None => Ended::Rotated { tokens, from },
            Some(error) => Ended::Kept { tokens, from, error },
        }
    }

    /// Another process has rotated. Goes on if its tokens are of no use.
    fn adopt_shared(&mut self, state: &Known, from: Option<Versioned>) -> ControlFlow<Ended, Base> {
        let awaited = self.handle.awaited.load(Relaxed);
        let before = self.mark;
        match self.learn(Some(state)) {
            // A request with the access token that was refused would only be refused once more.
            Ended::Adopted(tokens)
                if awaited
                    && (from.as_ref().is_some_and(|from| from.tokens.access == tokens.tokens.access)
                        || tokens.tokens.lifetime(clock::wall_ms()).is_some_and(|left| left.is_zero())) =>
            {
                // The session does not hold them: if the flight fails, the next one adopts them.
                self.mark = before;
                Continue(Base { mark: Some(state.mark), tokens: Some(tokens) })
            }
            Ended::Unchanged if awaited => Continue(Base { mark: Some(state.mark), tokens: from }),
            ended => Break(ended),
        }
    }

    /// The answer came after another login.
    fn superseded(&mut self, tokens: Arc<Tokens>, state: Option<&Known>, from: Option<Versioned>) -> Ended {
        if self.overtaken() {
            let version = self.by.store.version(&crate::store::Record::default());
            return Ended::Rotated { tokens: Versioned { tokens, version }, from };
        }
        if self.session.inner().supersedes(&tokens, from.as_ref().map(|from| &*from.tokens)) {
            self.by.host.emit(&self.session.key, Event::Superseded(Arc::clone(&tokens)));
            let logged_out = state.is_some_and(|state| state.tokens.is_none());
            if logged_out && self.by.grant.revokes_on_logout() {
                self.session.revoke_later(&self.by, tokens);
            }
        }
        self.learn(state)
    }
}

/// The state that a rotation replaces.
struct Base {
    mark: Option<Mark>,
    tokens: Option<Versioned>,
}

/// A flight, as the fleet asks for new tokens through it.
struct Asks<'a> {
    session: Arc<Session>,
    by: Arc<Participant>,
    handle: Arc<FlightHandle>,
    epoch: u64,
    exit: Option<Arc<exit::Hold>>,
    /// Asked one question at a time, so that nobody waits for this lock.
    asked: Mutex<Asked<'a>>,
}

struct Asked<'a> {
    flight: &'a mut Flight,
    base: Option<Arc<Tokens>>,
    first_sent: Option<Instant>,
    /// An answer without a usable access token has brought a refresh token.
    malformed: Option<Error>,
}

impl<'a> Asks<'a> {
    fn of(flight: &'a mut Flight, base: &Base) -> Self {
        Self {
            session: Arc::clone(&flight.session),
            by: Arc::clone(&flight.by),
            handle: Arc::clone(&flight.handle),
            epoch: flight.epoch,
            exit: flight.exit.clone(),
            asked: Mutex::new(Asked {
                flight,
                base: base.tokens.as_ref().map(|base| Arc::clone(&base.tokens)),
                first_sent: None,
                malformed: None,
            }),
        }
    }
}

impl Sender for Asks<'_> {
    fn connect(&self) -> BoxFuture<'_, ()> {
        self.by.grant.ready()
    }

    fn send<'a>(&'a self, asking: Asking<'a>) -> BoxFuture<'a, Result<Tokens, GrantError>> {
        Box::pin(async move { self.asked.lock().await.ask(asking).await })
    }

    fn refused(&self) -> bool {
        self.handle.awaited.load(Relaxed)
    }

    fn idle(&self) -> Option<Box<dyn Send + Sync + '_>> {
        self.exit.as_ref().map(|exit| Box::new(exit.idle()) as _)
    }

    fn tell(&self, news: News) {
        let counters = &self.by.counters;
        match news {
            News::Known(known) => self.session.overtake(&self.by, self.epoch, &known),
            News::Waited(time) => {
                let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
                counters.lease_waits.add();
                counters.lease_wait_ms.add_many(ms);
                self.handle.lease_wait_ms.fetch_add(ms, Relaxed);
            }
            News::Reclaimed => counters.reclaimed.add(),
            News::Fenced => counters.fenced.add(),
            News::OrphanIntent => counters.orphan_intents.add(),
            News::Candidate => counters.candidates.add(),
        }
    }
}

impl Asked<'_> {
    async fn ask(&mut self, asking: Asking<'_>) -> Result<Tokens, GrantError> {
        let Asking { token, bound, attempt, permit, .. } = asking;
        let Self { flight, base, first_sent, malformed } = self;
        let answer = loop {
            if flight.overtaken() {
                break Err(GrantError::Unspent { retry_after: None, cause: None });
            }
            match flight.ask(token, bound, attempt, permit, first_sent).await {
                Err(GrantError::Gone) if flight.change_participant() => {}
                answer => break answer,
            }
        };
        *malformed = None;
        match answer {
            // Without this the next refresh would send the spent token.
            Err(GrantError::Malformed { refresh: Some(refresh), cause }) => {
                *malformed = Some(failure(GrantError::Malformed { refresh: None, cause }, true));
                Ok(match base {
                    Some(base) => base.with_refresh(refresh),
                    None => Tokens::without_access(refresh),
                })
            }
            answer => answer,
        }
    }
}

fn failed(error: StoreError) -> Ended {
    let action =
        if matches!(error, StoreError::Corrupt { .. }) { StoreAction::Read } else { StoreAction::Write };
    Ended::Failed(error.told(action))
}
