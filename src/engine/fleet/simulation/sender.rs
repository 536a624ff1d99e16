//! The way of one question from a node to the authorization server and back.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, Either, select};
use tokio::sync::oneshot;

use super::cluster::Cluster;
use super::node::Node;
use super::server::Request;
use super::time::Owner;
use crate::fleet::{Asking, News, Sender};
use crate::grant::GrantError;
use crate::token::Tokens;

/// The flight of one node.
pub(super) struct Flight(pub(super) Arc<Node>);

/// What the network brings: the place in the ledger of a question that was processed, and its answer.
type Answer = (Option<usize>, Result<Tokens, GrantError>);

impl Sender for Flight {
    fn connect(&self) -> BoxFuture<'_, ()> {
        let world = &self.0.cluster.world;
        Box::pin(world.sleep(world.between((Duration::from_micros(100), Duration::from_millis(20)))))
    }

    fn send<'a>(&'a self, asking: Asking<'a>) -> BoxFuture<'a, Result<Tokens, GrantError>> {
        let node = &self.0;
        let checked = node.cluster.world.now();
        Box::pin(async move {
            let token = asking.token.expect("every login has a refresh token").expose().to_owned();
            let (world, sends) = (&node.cluster.world, &node.cluster.schedule.sends);
            let has_faults = node.cluster.has_faults();
            if has_faults && world.chance(sends.stop_before) {
                node.stop();
            }
            if has_faults && world.chance(sends.crash_before) {
                node.crash();
            }
            // Here a process may be stopped, between its last check and the kernel's send.
            world.sleep(Duration::from_micros(50)).await;
            let (answer, answered) = oneshot::channel();
            let (id, life, flight) = (node.id, node.life, asking.lease);
            world.note(|| format!("node {id} sends {token} in flight {flight:?}"));
            let request = Request { token, node: id, life, flight, checked, left: world.now() };
            world.spawn(
                Owner::World,
                carry(Arc::clone(&node.cluster), request, node.setup().refresh_deadline, answer),
            );
            if has_faults && world.chance(sends.stop_after) {
                node.stop();
            }
            if has_faults && world.chance(sends.crash_after) {
                node.crash();
            }
            let limit = node.fleet.clock.sleep(node.setup().refresh_deadline);
            let (redemption, result) = match select(answered, limit).await {
                Either::Left((answer, _)) => {
                    answer.unwrap_or((None, Err(GrantError::Ambiguous { cause: None })))
                }
                Either::Right(_) => (None, Err(GrantError::Ambiguous { cause: None })),
            };
            if let Some(redemption) = redemption {
                node.cluster.server.answered(redemption);
            }
            result.map(|tokens| node.received(tokens))
        })
    }

    fn refused(&self) -> bool {
        self.0.is_refused()
    }

    fn tell(&self, news: News) {
        self.0.hear(&news);
    }
}

async fn carry(cluster: Arc<Cluster>, request: Request, deadline: Duration, answer: oneshot::Sender<Answer>) {
    let (world, answers) = (&cluster.world, &cluster.schedule.answers);
    let fast = (Duration::from_millis(5), Duration::from_millis(60));
    let has_faults = cluster.has_faults();
    let meets = |probability: f64| has_faults && world.chance(probability);
    let unspent = |retry_after| Err(GrantError::Unspent { retry_after, cause: None });
    world.sleep(world.between(fast)).await;
    let refusal = if meets(answers.refused) || meets(answers.unavailable) {
        unspent(None)
    } else if meets(answers.too_many) {
        unspent(Some(world.between((Duration::from_millis(200), Duration::from_secs(3)))))
    } else if meets(answers.lost_before) {
        Err(GrantError::Ambiguous { cause: None })
    } else {
        let (redemption, issued) = cluster.server.redeem(request);
        let longest = deadline.mul_f64(if answers.lost_after > 0.0 { 1.3 } else { 0.7 });
        world.sleep(world.between(if meets(answers.slow) { (fast.0, longest) } else { fast })).await;
        if meets(answers.lost_after) {
            if world.chance(0.5) {
                world.sleep(deadline * 2).await;
            }
            return;
        }
        cluster.server.delivered(redemption);
        drop(answer.send((Some(redemption), issued.ok_or(GrantError::Terminal { cause: None }))));
        return;
    };
    world.sleep(world.between(fast)).await;
    drop(answer.send((None, refusal)));
}
