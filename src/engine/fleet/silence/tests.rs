use serde_json::Map;

use super::*;
use crate::clock::now;

fn lease(id: u128, beat: u64) -> Lease {
    Lease { id: Id(id), owner: "me".into(), ms: 10_000, beat, locked: false, rest: Map::new() }
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Reads the lease at these seconds. Each read takes no time.
fn dead_after(reads: &[(u64, Lease)]) -> bool {
    let (start, mut silence) = (now(), Silence::default());
    for (at, lease) in reads {
        silence.count(Some(lease), start + secs(*at), start + secs(*at), Switches::default());
    }
    silence.is_dead(&reads[reads.len() - 1].1)
}

fn reads(every: u64, until: u64) -> Vec<(u64, Lease)> {
    (0..=until).step_by(usize::try_from(every).unwrap()).map(|at| (at, lease(1, 0))).collect()
}

#[test]
fn dead_after_one_and_a_quarter_of_the_lease() {
    assert!(!dead_after(&reads(1, 12)));
    assert!(dead_after(&reads(1, 13)));
}

#[test]
fn gap_counts_as_two_polls_at_most() {
    assert!(!dead_after(&[(0, lease(1, 0)), (1_000, lease(1, 0))]));
    assert!(!dead_after(&reads(10, 60)), "six gaps of two seconds");
    assert!(dead_after(&reads(10, 70)));
}

#[test]
fn another_beat_or_claim_begins_anew() {
    for other in [lease(1, 1), lease(2, 0)] {
        let mut all = reads(1, 12);
        all.extend([(13, other.clone()), (14, other)]);
        assert!(!dead_after(&all));
    }
}

#[test]
fn time_of_the_first_read_does_not_count() {
    let (start, mut silence) = (now(), Silence::default());
    silence.count(Some(&lease(1, 0)), start, start + secs(2), Switches::default());
    for at in 1..=14 {
        assert!(!silence.is_dead(&lease(1, 0)), "{at}");
        silence.count(Some(&lease(1, 0)), start + secs(at), start + secs(at), Switches::default());
    }
    silence.count(Some(&lease(1, 0)), start + secs(15), start + secs(15), Switches::default());
    assert!(silence.is_dead(&lease(1, 0)));
    assert!(!silence.is_dead(&lease(2, 0)), "nothing is known of another one");
}

#[test]
fn poll_is_a_tenth_of_the_lease_within_limits() {
    let poll = |ms| poll(&Lease { ms, ..lease(1, 0) });
    assert_eq!(poll(5_000), Duration::from_millis(500));
    assert_eq!(poll(100), Duration::from_millis(20));
    assert_eq!(poll(300_000), secs(1));
}
