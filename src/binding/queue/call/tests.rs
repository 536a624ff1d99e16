use super::*;

fn pending() -> (PendingCall, oneshot::Sender<Reply>) {
    let (sender, reply) = oneshot::channel();
    (PendingCall { number: 1, entered: Entered::default(), reply }, sender)
}

#[tokio::test]
async fn a_call_whose_environment_ends_right_after_it_was_entered_counts_as_entered() {
    let (mut call, sender) = pending();
    call.entered.fire();
    drop(sender);
    let (answer, has_entered) = call.answer(|| {}).await;
    assert!(answer.is_err() && has_entered, "its refresh token may be spent");
}

#[tokio::test]
async fn a_call_that_was_never_entered_has_done_nothing() {
    let (mut call, sender) = pending();
    drop(sender);
    let (answer, has_entered) = call.answer(|| panic!("it was not entered")).await;
    assert!(answer.is_err() && !has_entered);
}

#[tokio::test]
async fn entering_is_told_before_the_reply() {
    let (mut call, sender) = pending();
    let (entered, mut told) = (call.entered.clone(), false);
    let replying = async {
        entered.fire();
        tokio::task::yield_now().await;
        drop(sender.send(Reply::Done));
    };
    let ((answer, has_entered), ()) = futures_util::future::join(call.answer(|| told = true), replying).await;
    assert!(matches!(answer, Ok(Reply::Done)) && has_entered && told);
}

#[tokio::test]
async fn a_call_that_is_refused_has_spent_nothing() {
    let (mut pending, sender) = pending();
    Call { reply: Some(sender), ..Call::notice(1, "refresh", Vec::new()) }.refuse();
    let (answer, has_entered) = pending.answer(|| panic!("it was not entered")).await;
    assert!(matches!(answer, Ok(Reply::Failed { kind: FailureKind::Unspent, .. })) && !has_entered);
}
