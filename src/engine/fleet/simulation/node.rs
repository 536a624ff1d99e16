//! The program of one process: it sends requests with the session's token, rotates, confirms, logs in and out.
//!
//! It stands for what a session does around a [`Member`].

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::SESSION;
use super::cluster::Cluster;
use super::log::Sent;
use super::schedule::NodeSetup;
use super::sender::Flight;
use super::telling::{describe, show};
use super::time::{NodeId, Owner};
use crate::fleet::{Fleet, Mark, Member, News, Rotated, State};
use crate::lock::Lock;
use crate::store::StoreError;
use crate::token::Tokens;

/// How often a cached token is confirmed (rule 4.4).
const CONFIRM_EVERY: Duration = Duration::from_secs(2);

pub(super) struct Node {
    pub(super) cluster: Arc<Cluster>,
    pub(super) id: NodeId,
    /// Counts the processes of the node.
    pub(super) life: u32,
    pub(super) fleet: Fleet,
    pub(super) member: Member,
    now: Lock<Now>,
    landed: Notify,
}

#[derive(Default)]
struct Now {
    is_flying: bool,
    is_saving: bool,
    refused: Option<Mark>,
}

impl Node {
    pub(super) fn new(cluster: Arc<Cluster>, id: NodeId, life: u32, fleet: Fleet) -> Arc<Self> {
        let member = Member::new(SESSION.into());
        Arc::new(Self { cluster, id, life, fleet, member, now: Lock::default(), landed: Notify::new() })
    }

    pub(super) fn start(self: &Arc<Self>) {
        self.spawn(Arc::clone(self).confirm());
        self.spawn(Arc::clone(self).requests());
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.cluster.world.spawn(Owner::Node(self.id), task);
    }

    pub(super) fn setup(&self) -> &NodeSetup {
        &self.cluster.schedule.nodes[self.id]
    }

    async fn confirm(self: Arc<Self>) {
        loop {
            self.look().await;
            self.fleet.clock.sleep(CONFIRM_EVERY).await;
        }
    }

    async fn look(&self) -> Option<State> {
        let looked = self.member.look(&self.fleet).await;
        if let Err(failed) = &looked {
            self.note(|| format!("cannot look: {failed:?}"));
            if !matches!(failed, StoreError::Failed { .. } | StoreError::TimedOut) {
                self.cluster.log.complain(format!("node {} cannot read the record: {failed:?}", self.id));
            }
        }
        looked.ok().flatten()
    }

    async fn requests(self: Arc<Self>) {
        let world = &self.cluster.world;
        loop {
            world.sleep(world.between((Duration::from_millis(100), Duration::from_millis(1_500)))).await;
            let served = self.request().await;
            self.cluster.log.request(world.now(), self.id, served);
        }
    }

    /// One request of the program. None: nobody is logged in, so that nothing is sent.
    async fn request(self: &Arc<Self>) -> Option<bool> {
        let mut state = match self.member.known() {
            Some(state) if state.tokens.is_some() && state.lost.is_none() => state,
            _ => self.look().await?,
        };
        let login = state.mark.login;
        for _ in 0..3 {
            let tokens = state.tokens.clone()?;
            if state.lost.is_some() {
                return Some(false);
            }
            if !self.is_expired(&state) {
                if self.is_due(&state) {
                    self.take_off(state.mark);
                }
                if self.send(&state, &tokens).await {
                    return Some(true);
                }
                self.now.lock().refused = Some(state.mark);
            }
            // A flight that began before this request found the token refused may end with "later".
            for _ in 0..2 {
                let landed = self.landed.notified();
                self.take_off(state.mark);
                landed.await;
                if self.member.known().is_none_or(|known| known.mark != state.mark) {
                    break;
                }
            }
            state = self.member.known()?;
            if state.mark.login != login {
                // A request of an old login is never replayed with the token of another.
                return None;
            }
        }
        Some(false)
    }

    async fn send(&self, state: &State, tokens: &Tokens) -> bool {
        let (world, access) = (&self.cluster.world, tokens.access.expose());
        let at = world.now();
        let (node, life, login) = (self.id, self.life, state.mark.login);
        self.cluster.log.sent(Sent { at, node, life, login, access: access.to_owned() });
        world.sleep(world.between((Duration::from_millis(1), Duration::from_millis(30)))).await;
        let accepted = self.cluster.server.accepts(access);
        world.sleep(world.between((Duration::from_millis(1), Duration::from_millis(30)))).await;
        accepted
    }

    fn age(&self, state: &State) -> f64 {
        let lifetime = state.lifetime.unwrap_or(self.cluster.schedule.lifetime);
        self.fleet.clock.now().saturating_duration_since(state.arrived).div_duration_f64(lifetime)
    }

    fn is_expired(&self, state: &State) -> bool {
        self.age(state) >= 1.0
    }

    fn is_due(&self, state: &State) -> bool {
        let spread = f64::from(u32::try_from(self.id).expect("few nodes")) * 0.05;
        self.age(state) >= 0.7 + spread
    }

    pub(super) fn is_refused(&self) -> bool {
        let known = self.member.known();
        let refused = self.now.lock().refused;
        known.is_none_or(|state| Some(state.mark) == refused || self.is_expired(&state))
    }

    pub(super) fn is_flying(&self) -> bool {
        self.now.lock().is_flying
    }

    /// Begins a flight, unless one is under way.
    fn take_off(self: &Arc<Self>, base: Mark) {
        if !std::mem::replace(&mut self.now.lock().is_flying, true) {
            self.spawn(Arc::clone(self).fly(base));
        }
    }

    async fn fly(self: Arc<Self>, base: Mark) {
        let rotated = self.member.rotate(&self.fleet, Some(base), &Flight(Arc::clone(&self))).await;
        self.note(|| describe(&rotated));
        self.complain(&rotated);
        self.now.lock().is_flying = false;
        self.landed.notify_waiters();
        if self.member.unsaved() && !std::mem::replace(&mut self.now.lock().is_saving, true) {
            self.save().await;
        }
    }

    /// A waiter is more patient than a holder (rule 6.3).
    fn complain(&self, rotated: &Rotated) {
        let least = self.fleet.settings.lease().mul_f64(1.25) + self.setup().refresh_deadline;
        if let Rotated::LockTimeout { waited } = rotated
            && *waited < least
        {
            self.cluster.log.complain(format!("node {} waits for {waited:?} and not for {least:?}", self.id));
        }
    }

    /// §10: the pauses between two tries grow, for the life of the process.
    async fn save(&self) {
        let mut pause = Duration::from_millis(50);
        while self.member.unsaved() {
            self.fleet.clock.sleep(pause).await;
            pause = (pause * 2).min(self.fleet.settings.save_pause());
            let saved = self.member.save(&self.fleet).await;
            self.note(|| format!("saves again: {}", if saved.is_ok() { "done" } else { "failed" }));
        }
        self.now.lock().is_saving = false;
    }

    pub(super) fn hear(&self, news: &News) {
        self.note(|| match news {
            News::Known(state) => format!("knows {}", show(state)),
            news => format!("{news:?}"),
        });
        if matches!(news, News::Known(_)) {
            self.landed.notify_waiters();
        }
    }

    /// Tokens as they arrive here: the end of the access token is counted by this node's wall clock.
    pub(super) fn received(&self, tokens: Tokens) -> Tokens {
        let lifetime = u64::try_from(self.cluster.schedule.lifetime.as_millis()).expect("a short time");
        tokens.expiring_at(Some(self.fleet.clock.wall_ms() + lifetime))
    }

    pub(super) fn stop(&self) {
        let time = self.cluster.world.between(self.cluster.schedule.stop_time(self.id));
        self.cluster.stop(self.id, time);
    }

    pub(super) fn crash(&self) {
        let time = self.cluster.world.between((Duration::from_millis(10), Duration::from_secs(4)));
        Cluster::crash(&self.cluster, self.id, time);
    }

    pub(super) fn note(&self, line: impl FnOnce() -> String) {
        self.cluster.world.note(|| format!("node {}: {}", self.id, line()));
    }
}
