//! Hears of the writes of other processes, over one connection for all sessions of the register.
//!
//! Invariant: no change is missed. A watcher is woken when its channel tells of a write, when the subscription is lost, and
//! when it begins: a write before that moment was not heard.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use redis::aio::{PubSub, PubSubSink};
use redis::{ErrorKind, RedisResult, ServerErrorKind, Value};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use crate::lock::Lock;
use crate::store::redis::target::Target;
use crate::store::redis::wire::{PAUSES, longer, spread};

/// A silent connection may be dead. Redis, or a firewall on the way, may also close it because it is idle.
const PING_EVERY: Duration = Duration::from_secs(10);

/// Messages of a channel that nobody watches, until the subscription ends. A watcher is often back a moment later.
pub(super) const UNHEARD: u8 = 4;

/// Fewer channels than this are not worth a search for those that nobody watches.
const FEW: usize = 64;

pub(super) struct Changes {
    target: Arc<Target>,
    timeout: Duration,
    shared: Arc<Shared>,
    task: OnceLock<AbortOnDropHandle<()>>,
}

#[derive(Default)]
struct Shared {
    channels: Lock<Channels>,
    /// Some channels are new.
    added: Notify,
}

#[derive(Default)]
struct Channels {
    all: HashMap<String, Channel>,
    /// Those that are not subscribed yet.
    new: Vec<String>,
    /// The number of channels at which those that nobody watches are searched.
    many: usize,
    /// The ACL user may not subscribe.
    refused: bool,
}

struct Channel {
    changed: watch::Sender<()>,
    unheard: u8,
}

impl Changes {
    pub(super) fn new(target: Arc<Target>, timeout: Duration) -> Self {
        Self { target, timeout, shared: Arc::default(), task: OnceLock::new() }
    }

    /// Resolves when `channel` may have told of a change since this call. None: Redis does not permit to subscribe.
    pub(super) fn watch(&self, channel: String) -> Option<BoxFuture<'static, ()>> {
        let mut changed = self.shared.channels.lock().watch(channel)?;
        self.shared.added.notify_one();
        self.task.get_or_init(|| {
            let listening = Arc::clone(&self.shared).listen(Arc::clone(&self.target), self.timeout);
            AbortOnDropHandle::new(tokio::spawn(listening))
        });
        Some(Box::pin(async move {
            // An error: the channel is gone, because subscriptions are refused.
            let _ = changed.changed().await;
        }))
    }
}

impl Shared {
    async fn listen(self: Arc<Self>, target: Arc<Target>, deadline: Duration) {
        let mut pause = PAUSES.0;
        loop {
            if let Ok(Ok(connection)) = timeout(deadline, target.subscribe()).await {
                let heard = self.hear(connection, deadline).await;
                if heard.is_err_and(|error| error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm)) {
                    *self.channels.lock() = Channels { refused: true, ..Channels::default() };
                    return;
                }
                self.channels.lock().tell_all();
                pause = PAUSES.0;
            }
            sleep(spread(pause)).await;
            pause = longer(pause);
        }
    }

    /// Until the connection ends.
    async fn hear(&self, connection: PubSub, deadline: Duration) -> RedisResult<()> {
        let (mut sink, mut messages) = connection.split();
        self.channels.lock().begin();
        self.added.notify_one();
        loop {
            tokio::select! {
                message = messages.next() => {
                    let Some(message) = message else { return Ok(()) };
                    let channel = message.get_channel_name();
                    if !self.channels.lock().tell(channel) {
                        within(deadline, sink.unsubscribe(channel)).await?;
                    }
                }
                () = self.added.notified() => self.subscribe(&mut sink, deadline).await?,
                () = sleep(PING_EVERY) => {
                    within(deadline, sink.ping::<Value>()).await?;
                }
            }
        }
    }

    async fn subscribe(&self, sink: &mut PubSubSink, deadline: Duration) -> RedisResult<()> {
        let unwatched = self.channels.lock().unwatched();
        if !unwatched.is_empty() {
            within(deadline, sink.unsubscribe(unwatched)).await?;
        }
        let new = self.channels.lock().take_new();
        if !new.is_empty() {
            within(deadline, sink.subscribe(&new)).await?;
            let mut channels = self.channels.lock();
            for channel in &new {
                channels.tell(channel);
            }
        }
        Ok(())
    }
}

impl Channels {
    fn watch(&mut self, name: String) -> Option<watch::Receiver<()>> {
        if self.refused {
            return None;
        }
        let channel = self.all.entry(name).or_insert_with_key(|name| {
            self.new.push(name.clone());
            Channel { changed: watch::Sender::new(()), unheard: 0 }
        });
        Some(channel.changed.subscribe())
    }

    /// Wakes those who watch `name`. False if the subscription is to end.
    fn tell(&mut self, name: &str) -> bool {
        let Some(channel) = self.all.get_mut(name) else { return false };
        channel.unheard = if channel.changed.send(()).is_ok() { 0 } else { channel.unheard + 1 };
        let stays = channel.unheard < UNHEARD;
        if !stays {
            self.all.remove(name);
        }
        stays
    }

    fn tell_all(&mut self) {
        for channel in self.all.values() {
            let _ = channel.changed.send(());
        }
    }

    /// A new connection is subscribed to nothing.
    fn begin(&mut self) {
        self.all.retain(|_, channel| channel.changed.receiver_count() > 0);
        self.new = self.all.keys().cloned().collect();
    }

    fn take_new(&mut self) -> Vec<String> {
        let mut new = std::mem::take(&mut self.new);
        new.retain(|name| self.all.contains_key(name));
        new
    }

    /// Takes out the channels that nobody watches, if there are many.
    fn unwatched(&mut self) -> Vec<String> {
        if self.all.len() < self.many.max(FEW) {
            return Vec::new();
        }
        let unwatched = self.all.extract_if(|_, channel| channel.changed.receiver_count() == 0);
        let names = unwatched.map(|(name, _)| name).collect();
        self.many = self.all.len() * 2;
        names
    }
}

async fn within<T>(deadline: Duration, answer: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    timeout(deadline, answer).await.map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))?
}
