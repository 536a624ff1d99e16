use std::time::Duration;

use tokio::time::{advance, sleep};

use super::{awake, now};

const TIME: Duration = Duration::from_secs(10);
const STOP: Duration = Duration::from_secs(60);

/// When `awake` resolves if the process is stopped after each of these times.
async fn resolves_after(stops: &[Duration]) -> Duration {
    let begun = now();
    let measured = async {
        awake(TIME, sleep).await;
        now() - begun
    };
    let stopped = async {
        for after in stops {
            sleep(*after).await;
            advance(STOP).await;
        }
    };
    tokio::join!(measured, stopped).0
}

#[tokio::test(start_paused = true)]
async fn process_that_runs_is_awake_all_the_time() {
    assert_eq!(resolves_after(&[]).await, TIME);
}

/// Each stop takes the place of what is left of one tenth, and no more.
#[tokio::test(start_paused = true)]
async fn stop_of_the_process_counts_as_a_tenth_at_most() {
    let ms = Duration::from_millis;
    assert_eq!(resolves_after(&[ms(1)]).await, STOP + ms(9_001), "the rest of the first tenth");
    assert_eq!(resolves_after(&[ms(4_500)]).await, STOP + ms(9_500), "the rest of the fifth");
    assert_eq!(resolves_after(&[ms(500), ms(500)]).await, STOP * 2 + ms(9_000), "halves of two");
}
