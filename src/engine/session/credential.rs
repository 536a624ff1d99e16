//! The tokens that a request is sent with: held, on their way, or none.

use std::sync::Arc;
use std::time::Duration;

use crate::clock;
use crate::error::Error;
use crate::event::Reason;
use crate::session::flight::FlightHandle;
use crate::session::participant::Participant;
use crate::session::schedule;
use crate::session::state::{Acquire, Purpose};
use crate::session::{Held, Session, Stamp, wait};
use crate::wait::arrival::Arrival;

/// The way to valid tokens.
enum Reach {
    Held(Arc<Held>),
    /// No login is there.
    Anonymous(Stamp),
    /// This flight brings the tokens.
    Coming(Arc<FlightHandle>),
}

/// The tokens that a request is sent with, or none.
#[derive(Debug)]
pub enum Credential {
    Tokens(Arc<Held>),
    /// No login is there. See [`schedule::Policy::anonymous`].
    Anonymous(Stamp),
}

impl Session {
    /// Returns valid tokens for a request that was made in `epoch`. Waits for a rotation only if there are none.
    pub async fn token(
        self: &Arc<Self>,
        by: &Arc<Participant>,
        epoch: u64,
        number: Arrival,
    ) -> Result<Arc<Held>, Error> {
        match self.credential(by, epoch, number).await? {
            Credential::Tokens(held) => Ok(held),
            Credential::Anonymous(_) => Err(Error::logged_out()),
        }
    }

    /// Like [`Session::token`] of now, with a token that lives `valid_for` longer, as far as tokens live that long.
    pub async fn token_for(
        self: &Arc<Self>,
        by: &Arc<Participant>,
        valid_for: Duration,
    ) -> Result<Arc<Held>, Error> {
        let mut held = self.token(by, self.epoch(), Arrival::draw()).await?;
        // Twice, because the first may bring tokens that another process has rotated a while ago.
        for _ in 0..2 {
            if self.lives_for(&held, valid_for) {
                break;
            }
            held = self.rotate(by, Some(&held.tokens.access)).await?;
        }
        Ok(held)
    }

    /// False if the token ends within `span`, and a rotation may bring one that lives longer.
    pub fn lives_for(&self, held: &Held, span: Duration) -> bool {
        span.is_zero() || !schedule::ends_within(held, self.whole_life(held), span, clock::uptime())
    }

    /// How long the token was to live when it was new. Tokens that this session has adopted later have less left.
    fn whole_life(&self, held: &Held) -> Option<Duration> {
        let known = self.member().and_then(|member| member.known());
        let known = known
            .filter(|known| known.tokens.as_ref().is_some_and(|tokens| tokens.access == held.tokens.access));
        known.and_then(|known| known.lifetime).max(held.lifetime())
    }

    /// Like [`Session::token`], for a request that may go out without a token.
    pub async fn credential(
        self: &Arc<Self>,
        by: &Arc<Participant>,
        epoch: u64,
        number: Arrival,
    ) -> Result<Credential, Error> {
        loop {
            let flight = match self.reach(by, epoch)? {
                Reach::Held(held) => return Ok(Credential::Tokens(held)),
                Reach::Anonymous(stamp) => return Ok(Credential::Anonymous(stamp)),
                Reach::Coming(flight) => flight,
            };
            let brought = match wait(by, &flight, number).await {
                // The store cannot be read, but the request may be for a page that is open to everybody.
                Err(Error::Store { .. } | Error::StoreCorrupt { .. })
                    if by.policy.anonymous && flight.purpose == Purpose::Load =>
                {
                    return Ok(Credential::Anonymous(Stamp { epoch, generation: 0 }));
                }
                brought => brought?,
            };
            // The caller had no token, so that it may have that of another login. The store of a lost session showed one.
            if let Some(held) = brought.as_ref().filter(|held| held.epoch() != epoch) {
                return Ok(Credential::Tokens(Arc::clone(held)));
            }
            if flight.purpose == Purpose::Load
                && brought.is_none()
                && let Some(error) = self.lost_error()
            {
                return Err(error);
            }
            // Tokens of a rotation are used even if they have expired on their way. Else tokens with a very short life would
            // be rotated for ever.
            if let (Purpose::Rotate, Some(held)) = (flight.purpose, brought) {
                return Ok(Credential::Tokens(held));
            }
        }
    }

    /// Like [`Session::token`], but returns None where that would wait.
    pub fn token_at_hand(
        self: &Arc<Self>,
        by: &Arc<Participant>,
        epoch: u64,
    ) -> Result<Option<Arc<Held>>, Error> {
        Ok(match self.reach(by, epoch)? {
            Reach::Held(held) => Some(held),
            Reach::Anonymous(_) | Reach::Coming(_) => None,
        })
    }

    /// The credential for a request of `epoch` (`None`: of now), if giving it needs no waiting and starts no flight.
    ///
    /// Made for JavaScript's thread, which has no runtime to start a flight on and never waits for the lock.
    pub fn credential_now(&self, by: &Participant, epoch: Option<u64>) -> Option<Credential> {
        let mut inner = self.inner.try_lock().ok()?;
        let now = inner.now();
        match inner.state.acquire(epoch.unwrap_or(inner.state.epoch()), &by.policy, now) {
            Acquire::Use(_) | Acquire::Anonymous(_) if inner.wants_confirmation(by, now) => None,
            Acquire::Use(held) => {
                held.use_now();
                Some(Credential::Tokens(held))
            }
            Acquire::Anonymous(stamp) => Some(Credential::Anonymous(stamp)),
            _ => None,
        }
    }

    fn reach(self: &Arc<Self>, by: &Arc<Participant>, epoch: u64) -> Result<Reach, Error> {
        let mut inner = self.inner();
        let now = inner.now();
        let acquired = inner.state.acquire(epoch, &by.policy, now);
        match acquired {
            Acquire::Wait(_) => {}
            Acquire::UseAndRotate(_) if inner.may_rotate_early(now) => self.rotate_ahead(&mut inner, by),
            _ if inner.wants_confirmation(by, now) => self.confirm(&mut inner, by),
            _ => {}
        }
        match acquired {
            Acquire::Use(held) | Acquire::UseAndRotate(held) => {
                held.use_now();
                Ok(Reach::Held(held))
            }
            Acquire::Anonymous(stamp) => Ok(Reach::Anonymous(stamp)),
            Acquire::Fail(error) => Err(error),
            Acquire::Wait(purpose) => {
                Ok(Reach::Coming(self.depart(&mut inner, by, purpose, Reason::Expired)))
            }
        }
    }
}
