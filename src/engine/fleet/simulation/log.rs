//! What nodes did, as the judge needs it. The redemptions are in the server's own ledger.

use std::sync::Arc;

use super::register::View;
use super::time::{Moment, NodeId};
use crate::fleet::Id;
use crate::lock::Lock;

#[derive(Default)]
pub(super) struct Log(Lock<Entries>);

#[derive(Clone, Default)]
pub(super) struct Entries {
    pub(super) logins: Vec<LoginCall>,
    pub(super) seen: Vec<Seen>,
    pub(super) sent: Vec<Sent>,
    pub(super) requests: Vec<Served>,
    /// What a node itself finds wrong.
    pub(super) complaints: Vec<String>,
}

/// One login or logout of a program.
#[derive(Clone, Debug)]
pub(super) struct LoginCall {
    pub(super) id: Id,
    pub(super) node: NodeId,
    pub(super) life: u32,
    /// The server's login. None: a logout.
    pub(super) number: Option<usize>,
    pub(super) began: Moment,
    /// None: the call failed, and may still take effect.
    pub(super) done: Option<Moment>,
}

/// A read showed another login than the read before it.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) at: Moment,
    pub(super) node: NodeId,
    pub(super) life: u32,
    pub(super) view: Arc<View>,
}

/// A request went out with a token.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) at: Moment,
    pub(super) node: NodeId,
    pub(super) life: u32,
    /// The login that the session named beside the token.
    pub(super) login: Id,
    pub(super) access: String,
}

/// The end of a request. None: nobody is logged in.
#[derive(Clone, Debug)]
pub(super) struct Served {
    pub(super) at: Moment,
    pub(super) node: NodeId,
    pub(super) result: Option<bool>,
}

impl Log {
    pub(super) fn entries(&self) -> Entries {
        self.0.lock().clone()
    }

    pub(super) fn login_begins(&self, call: LoginCall) -> usize {
        let mut entries = self.0.lock();
        entries.logins.push(call);
        entries.logins.len() - 1
    }

    pub(super) fn login_done(&self, call: usize, at: Moment) {
        self.0.lock().logins[call].done = Some(at);
    }

    pub(super) fn seen(&self, at: Moment, node: NodeId, life: u32, view: &Arc<View>) {
        let mut entries = self.0.lock();
        let last = entries.seen.iter().rfind(|seen| (seen.node, seen.life) == (node, life));
        if last.is_none_or(|last| last.view.login != view.login) {
            entries.seen.push(Seen { at, node, life, view: Arc::clone(view) });
        }
    }

    pub(super) fn complain(&self, complaint: String) {
        self.0.lock().complaints.push(complaint);
    }

    pub(super) fn sent(&self, sent: Sent) {
        self.0.lock().sent.push(sent);
    }

    pub(super) fn request(&self, at: Moment, node: NodeId, served: Option<bool>) {
        self.0.lock().requests.push(Served { at, node, result: served });
    }
}
