//! Logins and logouts of a program.

use std::sync::Arc;
use std::time::Duration;

use super::log::LoginCall;
use super::node::Node;
use super::server::login_of;
use crate::token::Tokens;

impl Node {
    /// Logs in as somebody, or out. A call that fails is repeated a few times, as a program does.
    pub(super) async fn login(self: Arc<Self>, tokens: Option<Tokens>) {
        let world = &self.cluster.world;
        let (id, node, life) = (self.fleet.id(), self.id, self.life);
        let tokens = tokens.map(|tokens| self.received(tokens));
        let number = tokens.as_ref().and_then(|tokens| login_of(tokens.access.expose()));
        let call = LoginCall { id, node, life, number, began: world.now(), done: None };
        let call = self.cluster.log.login_begins(call);
        self.note(|| format!("login {id:?} of server login {number:?} begins"));
        for _ in 0..4 {
            if self.member.login(&self.fleet, id, tokens.clone()).await.is_ok() {
                self.note(|| format!("login {id:?} is done"));
                self.cluster.log.login_done(call, world.now());
                return;
            }
            self.fleet.clock.sleep(Duration::from_millis(200)).await;
        }
        self.note(|| format!("login {id:?} fails"));
    }
}
