use tokio::time::advance;

use super::*;

/// The answer is there when the process goes on, and needs a moment until it is read.
#[tokio::test(start_paused = true)]
async fn time_in_which_the_process_is_stopped_is_not_the_servers() {
    let call = async {
        sleep(Duration::from_millis(1)).await;
        sleep(Duration::from_millis(1)).await;
    };
    let limit = Duration::from_secs(2);
    let (answer, ()) = tokio::join!(within(limit, call), advance(Duration::from_secs(60)));
    assert_eq!(answer, Some(()));
    let begun = clock::now();
    assert_eq!((within(limit, std::future::pending::<()>()).await, clock::now() - begun), (None, limit));
}
