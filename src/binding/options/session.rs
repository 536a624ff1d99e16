//! The options of a session: its key, its first tokens, where they are stored, and when they are rotated.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use napi_derive::napi;
use tokio_util::sync::CancellationToken;

use super::ms;
use super::store::NativeStore;
use crate::binding::callbacks::Callbacks;
use crate::binding::exit;
use crate::binding::values::tokens::NativeTokens;
use engine::error::Error;
use engine::exit::begun as ending;
use engine::grant::Grant;
use engine::session::participant::counters::Counters;
use engine::session::participant::{Participant, Seed};
use engine::session::registry::{Registry, StoreId};
use engine::session::schedule::Policy;
use engine::store::{Store, Unversioned};
use engine::wait::waiting_limit::WaitingLimit;

#[napi(object, object_to_js = false)]
pub struct NativeSession {
    pub key: String,
    /// Clients of the same name share their sessions.
    pub share: Option<String>,
    /// The option `tokens`.
    pub seed: Option<NativeTokens>,
    /// True if `getTokens` and `setTokens` are given.
    pub has_store: bool,
    /// A store that processes share.
    pub store: Option<NativeStore>,
    /// Negative: the engine chooses.
    pub refresh_ahead: f64,
    pub refresh_timeout: f64,
    pub max_retries: u32,
    pub rotation_grace: f64,
    /// 0: off.
    pub keep_alive: f64,
    /// Of a grant that needs no human: how many sessions have their tokens in memory.
    pub max_identities: u32,
    /// There is a hook that gets the tokens.
    pub hears_refreshed: bool,
    pub hears_superseded: bool,
    /// For lib/axios only: see `Policy`.
    pub anonymous: Option<bool>,
    pub forgets: Option<bool>,
    /// For lib/axios only: see `Callbacks::patience`.
    pub store_timeout: Option<f64>,
}

/// The option `queue`: how many requests may wait for a rotation, and for how long.
#[napi(object, object_to_js = false)]
pub struct NativeQueue {
    pub max: u32,
    pub timeout: f64,
}

/// Where new tokens come from.
pub(super) struct Bringing {
    pub(super) grant: Arc<dyn Grant>,
    /// See `NativeGrant::scope_of_sessions`.
    pub(super) scope: Option<String>,
    /// Tokens have a private key beside them.
    pub(super) binds: bool,
}

impl NativeSession {
    /// Names the store, and what the sessions in it are for.
    pub(super) fn store_id(&self, scope: Option<&str>) -> StoreId {
        let scoped = |name: String| scope.map_or(name.clone(), |scope| format!("{name} {scope}"));
        let share = self.share.clone();
        match self.store.as_ref().and_then(NativeStore::place) {
            Some(place) => StoreId::Shared(scoped(place), share),
            None => share.map_or(StoreId::Private, |name| StoreId::Named(scoped(name))),
        }
    }

    pub(super) fn policy(&self) -> Policy {
        Policy {
            refresh_ahead: (self.refresh_ahead >= 0.0).then(|| ms(self.refresh_ahead)),
            refresh_timeout: ms(self.refresh_timeout),
            max_retries: self.max_retries,
            rotation_grace: ms(self.rotation_grace),
            keep_alive: (self.keep_alive > 0.0).then(|| ms(self.keep_alive)),
            confirm_every: self.store.as_ref().map_or(Duration::MAX, |store| ms(store.confirm_every)),
            drain_on_exit: self.store.as_ref().map_or(Duration::ZERO, |store| ms(store.drain_on_exit)),
            spread: Some(*SPREAD),
            anonymous: self.anonymous.unwrap_or_default(),
            forgets: self.forgets.unwrap_or_default(),
        }
    }

    pub(super) fn into_participant(
        self,
        queue: &NativeQueue,
        callbacks: Callbacks,
        Bringing { grant, scope, binds }: Bringing,
        registry: &Registry,
    ) -> Result<Participant, Error> {
        let policy = self.policy();
        let store: Arc<dyn Store> = if self.has_store {
            Arc::new(Unversioned(Arc::new(callbacks.clone())))
        } else {
            registry.memory()
        };
        if !policy.drain_on_exit.is_zero() {
            exit::watch();
        }
        let in_memory = !self.has_store && self.store.is_none();
        let most = self.max_identities as usize;
        let identities = scope.is_some().then(|| registry.identities(most, in_memory));
        let fleet =
            self.store.map(|store| store.into_fleet(&callbacks, &policy, scope, binds)).transpose()?;
        let seed = self.seed.map(TryInto::try_into).transpose()?;
        Ok(Participant {
            grant,
            store,
            fleet: fleet.map(Arc::new),
            host: Arc::new(callbacks),
            policy,
            waiting: WaitingLimit::new(queue.max as usize),
            counters: Counters::default(),
            identities,
            seed: Seed::new(self.key.as_str().into(), seed),
            closed: CancellationToken::new(),
            ending: ending(),
        })
    }
}

/// Drawn once, so that processes that share a store do not rotate at the same moment.
static SPREAD: LazyLock<f64> = LazyLock::new(rand::random);
