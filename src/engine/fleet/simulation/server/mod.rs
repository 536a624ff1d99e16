//! Authorization servers that differ in what a second redemption of a refresh token does, with their ledger.
//!
//! Invariant: the ledger has every redemption that reached the server, in the order in which the server saw them.

mod ledger;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::time::{Moment, World};
use crate::lock::Lock;
use crate::secret::Secret;
use crate::token::Tokens;

pub(super) use ledger::{Redemption, Request, Verdict};

/// What the server does with a token that was redeemed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// Refuses it and ends the login.
    Strict,
    /// Within the grace a new token, and both successors are good (Auth0).
    Leeway,
    /// Within the grace the same answer again, until the successor is redeemed (Supabase).
    SamePair,
    /// Within the grace a new token, and the earlier successor is dead (Cloudflare).
    LastWins,
    /// Refuses it, and the first successor stays good.
    FirstWins,
}

impl Policy {
    pub(super) const ALL: [Self; 5] =
        [Self::Strict, Self::Leeway, Self::SamePair, Self::LastWins, Self::FirstWins];

    pub(super) fn has_grace(self) -> bool {
        matches!(self, Self::Leeway | Self::SamePair | Self::LastWins)
    }
}

pub(super) struct Server {
    world: World,
    policy: Policy,
    grace: Duration,
    lifetime: Duration,
    /// The access token before a rotation ends with the rotation.
    ends_access: bool,
    state: Lock<State>,
}

#[derive(Default)]
struct State {
    /// Whether each login lives, by number.
    logins: Vec<bool>,
    tokens: BTreeMap<String, Token>,
    access: BTreeMap<String, Access>,
    ledger: Vec<Redemption>,
    issued: u64,
}

struct Token {
    login: usize,
    access: String,
    is_dead: bool,
    spent: Option<Moment>,
    successors: Vec<String>,
}

struct Access {
    login: usize,
    expires: Moment,
}

impl Server {
    pub(super) fn new(
        world: World,
        policy: Policy,
        grace: Duration,
        lifetime: Duration,
        ends_access: bool,
    ) -> Arc<Self> {
        Arc::new(Self { world, policy, grace, lifetime, ends_access, state: Lock::default() })
    }

    /// A person logs in.
    pub(super) fn login(&self) -> Tokens {
        let mut state = self.state.lock();
        state.logins.push(true);
        let login = state.logins.len() - 1;
        let token = self.issue(&mut state, login);
        tokens(&token, &state.tokens[&token].access)
    }

    /// Redeems a refresh token. The number is the redemption's place in the ledger.
    pub(super) fn redeem(&self, request: Request) -> (usize, Option<Tokens>) {
        let now = self.world.now();
        let mut state = self.state.lock();
        let verdict = self.judge(&mut state, &request.token, now);
        let issued = match &verdict {
            Verdict::Issued(token) => Some(tokens(token, &state.tokens[token].access)),
            Verdict::Refused(_) => None,
        };
        let Request { token, node, life, flight, checked, left } = request;
        self.world.note(|| format!("server: {token} from node {node}, flight {flight:?}: {verdict:?}"));
        let arrived = now;
        state.ledger.push(Redemption {
            token,
            node,
            life,
            flight,
            checked,
            left,
            arrived,
            verdict,
            delivered: None,
            answered: None,
        });
        (state.ledger.len() - 1, issued)
    }

    pub(super) fn delivered(&self, redemption: usize) {
        self.state.lock().ledger[redemption].delivered = Some(self.world.now());
    }

    pub(super) fn answered(&self, redemption: usize) {
        self.state.lock().ledger[redemption].answered = Some(self.world.now());
    }

    fn judge(&self, state: &mut State, token: &str, now: Moment) -> Verdict {
        let Some(known) = state.tokens.get(token) else { return Verdict::Refused(false) };
        let (login, access) = (known.login, known.access.clone());
        if known.is_dead || !state.logins[login] {
            return Verdict::Refused(false);
        }
        let Some(spent) = known.spent else {
            if self.ends_access {
                state.access.remove(&access);
            }
            return self.succeed(state, token, login, now);
        };
        let successors = known.successors.clone();
        let is_used = successors.iter().any(|successor| state.tokens[successor].spent.is_some());
        if self.policy.has_grace() && now.saturating_sub(spent) <= self.grace && !is_used {
            return match self.policy {
                Policy::SamePair => Verdict::Issued(successors[0].clone()),
                Policy::LastWins => {
                    for successor in &successors {
                        state.tokens.get_mut(successor).expect("a successor").is_dead = true;
                    }
                    self.succeed(state, token, login, now)
                }
                _ => self.succeed(state, token, login, now),
            };
        }
        let ends = matches!(self.policy, Policy::Strict | Policy::Leeway | Policy::SamePair);
        if ends {
            state.logins[login] = false;
        }
        Verdict::Refused(ends)
    }

    fn succeed(&self, state: &mut State, token: &str, login: usize, now: Moment) -> Verdict {
        let successor = self.issue(state, login);
        let spent = state.tokens.get_mut(token).expect("the token that is redeemed");
        spent.spent.get_or_insert(now);
        spent.successors.push(successor.clone());
        Verdict::Issued(successor)
    }

    fn issue(&self, state: &mut State, login: usize) -> String {
        state.issued += 1;
        let (token, access) = (format!("r{login}.{}", state.issued), format!("a{login}.{}", state.issued));
        let expires = self.world.now() + self.lifetime;
        state.access.insert(access.clone(), Access { login, expires });
        let new = Token { login, access, is_dead: false, spent: None, successors: Vec::new() };
        state.tokens.insert(token.clone(), new);
        token
    }

    /// True if the resource server accepts the access token now.
    pub(super) fn accepts(&self, access: &str) -> bool {
        let state = self.state.lock();
        let now = self.world.now();
        state.access.get(access).is_some_and(|access| state.logins[access.login] && now < access.expires)
    }

    /// True if a redemption of the token would bring a new one.
    pub(super) fn is_good(&self, token: &str) -> bool {
        let state = self.state.lock();
        state
            .tokens
            .get(token)
            .is_some_and(|token| state.logins[token.login] && !token.is_dead && token.spent.is_none())
    }

    /// The good refresh tokens of the server, the newest last.
    pub(super) fn good(&self) -> Vec<String> {
        let tokens: Vec<String> = self.state.lock().tokens.keys().cloned().collect();
        tokens.into_iter().filter(|token| self.is_good(token)).collect()
    }

    /// How many answers with tokens it has given.
    pub(super) fn rotations(&self) -> usize {
        let state = self.state.lock();
        state.ledger.iter().filter(|redemption| matches!(redemption.verdict, Verdict::Issued(_))).count()
    }

    pub(super) fn ledger(&self) -> Vec<Redemption> {
        self.state.lock().ledger.clone()
    }
}

fn tokens(refresh: &str, access: &str) -> Tokens {
    let secret = |text: &str| Secret::new(text.into());
    // Of no use to any node, and a mistake of some (`Bug::SideFieldDiscards`).
    let extra = secret("{\"id_token\":1}");
    Tokens::new(secret(access), Some(secret(refresh)), None, Some(extra)).expect("tokens of a server")
}

/// The number of the login to which a token of this server belongs.
pub(super) fn login_of(token: &str) -> Option<usize> {
    token.get(1..)?.split_once('.')?.0.parse().ok()
}
