//! One rotation for every process and machine: the protocol of the shared register.
//!
//! The comments cite the numbers of its rules. Pure over a [`Register`] and a [`Clock`]: no task is spawned here, and no timer
//! but [`Clock::sleep`] is used, so that a simulation can run this very code.
//!
//! Invariant: a refresh token is sent only under a lease that was claimed together with its intent.

mod clock;
mod commit;
mod documents;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod inspect;
mod judge;
mod known;
mod login;
mod look;
mod record;
mod rotation;
mod scoped;
mod sealing;
mod sender;
mod silence;
#[cfg(test)]
mod simulation;
mod switches;

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Instant;
use crate::error::{Cause, LostReason};
use crate::grant::GrantError;
use crate::lock::Lock;
use crate::store::{Register, StoreError};
use crate::token::Tokens;
use known::Known;
use rotation::Rotation;

pub use clock::{Clock, MachineClock};
pub use inspect::{describe, problem};
pub use record::Id;
pub use scoped::Scoped;
pub use sealing::{BadKey, Keys, Seal, SealKey, Sealed, key_file, key_text};
pub use sender::{Asking, News, Sender};
pub use switches::{Bug, Rule, Switches};

/// No lease is shorter, unless the option says so (rule 6.5).
const MIN_LEASE: Duration = Duration::from_secs(1);

/// The shortest pause after a conflict, and what chance adds to it at most.
const HESITATION: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(8));

/// A store that is down is tried every five seconds.
const LONGEST_SAVE_PAUSE: Duration = Duration::from_secs(5);

/// The store that one client shares with others.
pub struct Fleet {
    pub register: Arc<dyn Register>,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
}

#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a lease lives without renewal. [`Settings::lease`] is the lease that is written (rule 6.5).
    pub lease: Duration,
    /// How long the server accepts a spent refresh token; zero: it is strict.
    pub grace: Duration,
    /// How long callers wait for an answer (`refreshTimeout`): nothing is sent again later, and the lease is not renewed for longer.
    pub refresh_deadline: Duration,
    /// How often a question that spent nothing is asked again.
    pub max_retries: u32,
    /// The longest that one read or write of the store may take. [`Settings::store_deadline`] is the one that counts (rule 3.4),
    /// except for a process that knows nothing yet.
    pub store_deadline: Duration,
    /// Names this process in leases, for people. No rule compares it.
    pub owner: Arc<str>,
    pub switches: Switches,
}

/// The knowledge that this process has of one session.
pub struct Member {
    session: Arc<str>,
    known: Lock<Known>,
}

/// One state of a session: what [`Member::known`] knows.
#[derive(Clone, Debug)]
pub struct State {
    pub mark: Mark,
    /// Counts the rotations of a login, from 1 on. 0: nobody has ever logged in, and somebody asks for tokens without.
    pub generation: u64,
    /// None: logged out, unless the generation is 0.
    pub tokens: Option<Arc<Tokens>>,
    /// How long the access token was to live when it arrived, by the clock of the process that got it.
    pub lifetime: Option<Duration>,
    /// When the tokens came to this process: from the server, from a login, or by adoption (§14).
    pub arrived: Instant,
    /// Adopted tokens are younger than this: a read that began then showed an older generation of the same login. It may be
    /// long ago, if nobody read meanwhile.
    pub seen_before: Option<Instant>,
    /// The server refused the refresh token. The access token may be good.
    pub lost: Option<LostReason>,
    /// The store does not have these tokens yet: [`Member::save`].
    pub unsaved: bool,
}

/// Names a state: another login is another epoch, another commit is another generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    pub login: Id,
    pub commit: Id,
}

/// How a rotation ended. [`Member::known`] says what is true from now on, and is never older than this.
#[derive(Clone, Debug)]
pub enum Rotated {
    /// New tokens. `unsaved`: the store has failed to take them; they serve from memory, and [`Member::save`] is repeated
    /// until it succeeds.
    Committed { state: State, unsaved: Option<StoreError> },
    /// Somebody else has rotated, logged in or logged out: the state is not the caller's any more.
    Adopted(State),
    /// Nobody is logged in. The caller knew nothing else.
    Nobody,
    /// The session is lost. `by_us`: this rotation found that out.
    Lost { reason: LostReason, by_us: bool, cause: Option<Cause> },
    /// The server asked all to wait.
    CoolingDown { left: Duration },
    /// Somebody else rotates, or one of them died meanwhile; the tokens are good for now.
    Later,
    /// Nothing was sent, because it could not be saved.
    StoreUnavailable(StoreError),
    /// Somebody else's lease lived on for longer than a rotation takes.
    LockTimeout { waited: Duration },
    /// No tokens came. The session is kept.
    Failed(GrantError),
    /// The answer came after another login or a logout. Its tokens are good at the server, and stored nowhere.
    Superseded { tokens: Arc<Tokens>, state: Option<State> },
}

/// The result of [`Member::save`].
#[derive(Clone, Debug)]
pub struct Saved {
    /// What is true now: the tokens that were to be saved, or newer ones beside which they are a candidate.
    pub state: Option<State>,
    /// Another login took their place.
    pub superseded: Option<Arc<Tokens>>,
}

impl Settings {
    /// The effective lease (rule 6.5): a dead holder is noticed before the server's grace is over.
    pub fn lease(&self) -> Duration {
        if self.grace.is_zero() || !self.switches.keeps(Rule::R6_5) {
            return self.lease;
        }
        self.lease.min((self.grace / 3).max(MIN_LEASE))
    }

    /// A quarter of the lease at most (rule 3.4). The fleet keeps it: a register's call that takes longer is dropped, and
    /// counts as timed out.
    pub fn store_deadline(&self) -> Duration {
        let most = if self.switches.keeps(Rule::R3_4) { self.lease() / 4 } else { Duration::MAX };
        self.store_deadline.min(most)
    }

    /// The longest pause before an unsaved commit is tried again (§10). A longer one than a part of the lease lets others take
    /// over, and spend the token, while the store could already be written.
    pub fn save_pause(&self) -> Duration {
        (self.lease() / 4).min(LONGEST_SAVE_PAUSE)
    }
}

/// Every method may run beside every other one, and its future is `Send`. If the future of [`Member::look`] or [`Member::save`]
/// is dropped, nothing is lost.
impl Member {
    pub fn new(session: Arc<str>) -> Self {
        Self { session, known: Lock::default() }
    }

    /// What this process knows, without a read. None: nothing is known, or nobody is logged in.
    pub fn known(&self) -> Option<State> {
        self.known.lock().state()
    }

    /// True while tokens that came from the server are not in the store ([`Member::save`]).
    pub fn unsaved(&self) -> bool {
        self.known.lock().unsaved()
    }

    /// Asks for new tokens in place of those of `base`, unless somebody else has done it. `base`: [`State::mark`] of what the
    /// caller used; None: nothing, so that the grant is asked without a token if nothing is stored.
    ///
    /// The whole of §5 to §12. It never gives up an answer: it must run to its end.
    pub async fn rotate(&self, fleet: &Fleet, base: Option<Mark>, sender: &dyn Sender) -> Rotated {
        Rotation::new(fleet, self, base, sender).run().await
    }
}

impl Fleet {
    /// A new id for a login.
    pub fn id(&self) -> Id {
        Id(self.clock.random())
    }

    /// The pause after a conflict: 2 to 10 ms.
    async fn hesitate(&self) {
        self.clock.sleep(HESITATION.0 + HESITATION.1.mul_f64(self.chance())).await;
    }

    /// From 0 to 1.
    fn chance(&self) -> f64 {
        let [high, low, ..] = self.clock.random().to_be_bytes();
        f64::from(u16::from_be_bytes([high, low])) / f64::from(u16::MAX)
    }
}

#[cfg(test)]
mod tests;
