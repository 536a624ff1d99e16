//! The endpoints that refuse tokens which others accept, so that their 401s start no rotation.
//!
//! A missing scope, a gateway's rule or a suspended resource is often a bare 401, and no new token cures it. An endpoint that
//! refused a token and its successor says nothing about the token any more, until it accepts one.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Instant;

/// More endpoints that refuse are forgotten, the oldest first. Each may start one rotation again then.
const REMEMBERED: usize = 64;

/// After this many rotations in a row that did not help the endpoint which began them, endpoints that never accepted a token
/// begin one in [`TRY_AGAIN`]. Else fifty new URLs that all refuse would begin fifty rotations.
const MAX_USELESS: u32 = 3;
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// The receiver of a request, as two hashes, because a session knows nothing of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// One resource: `GET /orders/7`.
    pub resource: u32,
    /// All resources like it: `GET /orders/*`.
    pub shape: u32,
}

#[derive(Debug, Default)]
pub(super) struct Endpoints {
    /// The bits of each shape that has accepted a token. Two shapes may share bits. A shape that never accepted a token then counts
    /// as one that did, and costs one rotation.
    accepting: u64,
    /// The same for resources and the token held.
    accepting_held: u64,
    /// Absent until an endpoint refuses, because most sessions meet none.
    refusing: Option<Box<Refusing>>,
}

#[derive(Debug, Default)]
struct Refusing {
    refusals: VecDeque<Refusal>,
    /// How many rotations in a row have not helped.
    useless: u32,
    /// How many of these since a server accepted the token held.
    unaccepted: u32,
    /// The generation that the last of them brought, and when that was refused.
    last: Option<(u64, Instant)>,
    /// The first rejection of the token held that started no refresh, since a server accepted it.
    doubted: Option<Instant>,
}

#[derive(Debug)]
struct Refusal {
    endpoint: Endpoint,
    /// The newest generation that was refused.
    generation: u64,
    /// A token and its successor were refused, as far as is known.
    twice: bool,
    /// The resource refuses.
    resource: bool,
    /// Every resource of this shape refuses.
    shape: bool,
}

impl Endpoints {
    /// Another token is held now.
    pub(super) fn rotated(&mut self) {
        self.accepting_held = 0;
        self.trusts_held();
    }

    /// A server accepted the token held, or a rotation begins.
    pub(super) fn trusts_held(&mut self) {
        if let Some(refusing) = &mut self.refusing {
            refusing.doubted = None;
        }
    }

    /// The first rejection that said nothing about the token held: `now`, or earlier.
    pub(super) fn doubted_since(&mut self, now: Instant) -> Instant {
        *self.refusing.get_or_insert_default().doubted.get_or_insert(now)
    }

    /// `endpoint` accepted a token. `held`: that token is held now. `replayed`: the endpoint had refused an earlier one.
    pub(super) fn accepted(&mut self, endpoint: Endpoint, held: bool, replayed: bool) {
        self.accepting |= bits(endpoint.shape);
        if held {
            self.accepting_held |= bits(endpoint.resource);
        }
        let Some(refusing) = &mut self.refusing else { return };
        if held {
            refusing.unaccepted = 0;
        }
        // A replay to another endpoint proves nothing. Many servers end the old token when they rotate, and refuse requests on their
        // way for that alone. If such a replay counted, each new URL that refuses would begin a rotation again.
        if replayed && refusing.refusals.iter().any(|it| !it.twice && it.endpoint == endpoint) {
            refusing.useless = 0;
        }
        // Kept, because an endpoint that refuses some requests and accepts others would else begin a rotation each time.
        refusing.refusals.retain(|it| it.twice || it.endpoint != endpoint);
        for refusal in refusing.refusals.iter_mut().filter(|it| it.endpoint.shape == endpoint.shape) {
            refusal.shape = false;
            refusal.resource &= refusal.endpoint.resource != endpoint.resource;
        }
    }

    /// `endpoint` refused a token of this generation, and a rotation begins. Its next rejection tells whether that helped, also
    /// where requests are not replayed, as those with a stream.
    pub(super) fn rotates(&mut self, endpoint: Endpoint, generation: u64) {
        let refusals = &mut self.refusing.get_or_insert_default().refusals;
        if !refusals.iter().any(|it| it.endpoint == endpoint) {
            refusals.truncate(REMEMBERED - 1);
            refusals.push_front(Refusal {
                endpoint,
                generation,
                twice: false,
                resource: false,
                shape: false,
            });
        }
    }

    /// True if a rejection by `endpoint` began the rotation to this generation or an earlier one, and nothing like it was
    /// accepted since.
    pub(super) fn rotated_in_vain(&self, endpoint: Endpoint, generation: u64) -> bool {
        let one = self.shape_accepted(endpoint);
        self.any(|it| {
            let like = it.endpoint == endpoint || !one && it.endpoint.shape == endpoint.shape;
            like && !it.twice && it.generation < generation
        })
    }

    /// `endpoint` refused a token, and its successor of this generation. If it had accepted that one before, it refuses some
    /// requests only, or the token was revoked.
    pub(super) fn refused(&mut self, endpoint: Endpoint, generation: u64, now: Instant) {
        let resource = !self.accepted_held(endpoint);
        let shape = !self.shape_accepted(endpoint);
        let Refusing { refusals, useless, unaccepted, last, .. } =
            &mut **self.refusing.get_or_insert_default();
        refusals.retain(|it| it.endpoint != endpoint);
        refusals.truncate(REMEMBERED - 1);
        refusals.push_front(Refusal { endpoint, generation, twice: true, resource, shape });
        // Requests that waited for the same rotation count once.
        if last.is_none_or(|(counted, _)| counted != generation) {
            *useless += 1;
            *unaccepted += 1;
            *last = Some((generation, now));
        }
    }

    /// True if a 401 of `endpoint` says nothing about the token.
    pub(super) fn refuses(&self, endpoint: Endpoint) -> bool {
        self.any(|it| {
            it.shape && it.endpoint.shape == endpoint.shape || it.resource && it.endpoint == endpoint
        })
    }

    /// True if a 401 of `endpoint` to a token that another endpoint accepted is worth a rotation.
    pub(super) fn deserves_rotation(&self, endpoint: Endpoint, now: Instant) -> bool {
        self.accepts(endpoint) || self.tries(now, |refusing| refusing.useless)
    }

    /// True if a 401 of `endpoint` to a token that nobody has accepted is worth a rotation. `young`: so is the token. It may have
    /// been revoked before anybody used it, and so may some more, but not all that follow.
    pub(super) fn deserves_another(&self, endpoint: Endpoint, young: bool, now: Instant) -> bool {
        (self.accepts(endpoint) || !young) && self.tries(now, |refusing| refusing.unaccepted)
    }

    /// True if few rotations were in vain, or the last of them a while ago.
    fn tries(&self, now: Instant, in_vain: impl Fn(&Refusing) -> u32) -> bool {
        self.refusing.as_ref().is_none_or(|refusing| {
            in_vain(refusing) < MAX_USELESS || refusing.last.is_none_or(|(_, at)| now - at >= TRY_AGAIN)
        })
    }

    /// True if `endpoint` accepted tokens, and never refused a token and its successor: a 401 is news then.
    pub(super) fn accepts(&self, endpoint: Endpoint) -> bool {
        self.shape_accepted(endpoint) && !self.any(|it| it.twice && it.endpoint.shape == endpoint.shape)
    }

    /// True if that holds for the very token that is held.
    pub(super) fn accepts_held(&self, endpoint: Endpoint) -> bool {
        self.accepts(endpoint) && self.accepted_held(endpoint)
    }

    /// True if `endpoint` accepted tokens, and not yet the token held.
    pub(super) fn awaits_held(&self, endpoint: Endpoint) -> bool {
        self.accepts(endpoint) && !self.accepted_held(endpoint)
    }

    fn shape_accepted(&self, endpoint: Endpoint) -> bool {
        let bits = bits(endpoint.shape);
        self.accepting & bits == bits
    }

    fn accepted_held(&self, endpoint: Endpoint) -> bool {
        let bits = bits(endpoint.resource);
        self.accepting_held & bits == bits
    }

    fn any(&self, condition: impl Fn(&Refusal) -> bool) -> bool {
        self.refusing.as_ref().is_some_and(|refusing| refusing.refusals.iter().any(condition))
    }
}

/// Two bits of 64, because with one bit each 64th endpoint that refuses was taken for the only one that accepts. A third one
/// would fill the word of a session with dozens of resources.
fn bits(hash: u32) -> u64 {
    1 << (hash % u64::BITS) | 1 << ((hash >> 6) % u64::BITS)
}

#[cfg(test)]
mod tests;
