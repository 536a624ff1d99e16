//! Each rule taken out of the protocol, and each mistake put into it, is noticed by the judge.
//!
//! A test begins at a seed that notices, so that it takes a moment. A change of the protocol gives the seeds other runs; then
//! the test goes on to later seeds.

use std::time::Duration;

use super::campaign::judged;
use super::number;
use super::register::Faults;
use super::schedule::{Answers, Event, Profile, Schedule, Sends};
use super::server::Policy;
use crate::fleet::{Bug, Rule, Switches};

/// How many seeds a test tries.
const MOST: u64 = 1_500;

fn without(rule: Rule) -> Switches {
    Switches { without: Some(rule), bug: None }
}

fn with(bug: Bug) -> Switches {
    Switches { without: None, bug: Some(bug) }
}

/// `SEED=0 cargo test … mutations -- --nocapture` prints where each test may begin.
#[allow(clippy::print_stdout, reason = "whoever looks for seeds reads it")]
fn assert_noticed(switches: Switches, drawn: impl Fn(u64) -> Schedule, first: u64) {
    let first = number("SEED").unwrap_or(first);
    let noticed = (first..first + MOST).find_map(|seed| {
        let schedule = drawn(seed);
        let violation = judged(&schedule, switches).violations.into_iter().next()?;
        judged(&schedule, Switches::default()).violations.is_empty().then_some((seed, violation))
    });
    let (seed, violation) = noticed.unwrap_or_else(|| panic!("no schedule of {MOST} notices {switches:?}"));
    println!("{switches:?} is noticed by seed {seed}: {violation}");
}

macro_rules! noticed {
    ($($test:ident: $switches:expr, $profile:ident, $first:expr;)*) => {
        $(
            #[test]
            fn $test() {
                assert_noticed($switches, |seed| Schedule::of(Profile::$profile, seed), $first);
            }
        )*
    };
}

noticed! {
    r3_3_writes_are_known_by_their_ids: without(Rule::R3_3), Breaks, 27;
    r3_4_a_store_operation_takes_a_quarter_of_the_lease: without(Rule::R3_4), Ambiguous, 166;
    r4_2_older_records_are_written_over: without(Rule::R4_2), RollBacks, 4;
    r4_3_renewals_judge: without(Rule::R4_3), Logins, 127;
    r6_1_silence_is_of_a_lease_and_its_beat: without(Rule::R6_1), Holders, 105;
    r6_2_silence_grows_by_reads: without(Rule::R6_2), Mixed, 1379;
    r7_2_a_conflict_does_not_stop_the_renewal: without(Rule::R7_2), Holders, 368;
    r7_3_half_of_the_lease_is_left_at_the_send: without(Rule::R7_3), Ambiguous, 50;
    r10_1_a_late_success_ends_a_loss: without(Rule::R10_1), Holders, 4;
    r10_2_candidates_are_a_list: without(Rule::R10_2), Holders, 437;
    r10_3_a_candidate_is_tried_once: without(Rule::R10_3), Holders, 45;
    r12_the_loser_of_a_takeover_waits: without(Rule::R12), Holders, 127;
    the_record_is_not_compared: with(Bug::DropReread), Mixed, 8;
    a_lease_is_the_owners: with(Bug::FenceByOwner), Holders, 0;
    all_have_one_owner: with(Bug::ConstantOwner), Mixed, 483;
    a_failed_write_counts_as_done: with(Bug::SwallowStoreError), Ambiguous, 21;
    no_intent_is_written: with(Bug::NoIntent), Mixed, 0;
    records_grow: with(Bug::NoSizeCap), Mixed, 12;
    tokens_are_published_before_the_commit: with(Bug::PublishBeforeCommit), Mixed, 52;
    the_login_is_not_compared: with(Bug::IgnoreEpoch), Logins, 21;
    the_lease_is_released_before_the_commit: with(Bug::ReleaseBeforeCommit), Clean, 0;
    a_busy_lease_does_not_stop_a_refresh: with(Bug::RefreshWhenBusy), Clean, 0;
    a_failed_renewal_is_ignored: with(Bug::RenewalFailureIgnored), Holders, 368;
    a_waiter_loses_patience: with(Bug::ShortPatience), Holders, 0;
    tokens_are_dropped_at_a_conflict: with(Bug::TokenDropped), Ambiguous, 155;
    an_answer_with_a_side_field_is_dropped: with(Bug::SideFieldDiscards), Clean, 0;
    a_loser_marks_the_session_lost: with(Bug::LoserMarksLost), Holders, 127;
}

/// Logins and roll-backs alone, at these moments, in ms.
fn logins(seed: u64, events: &[(u64, Event)]) -> Schedule {
    let mut schedule = short_grace(seed);
    schedule.sends = Sends::default();
    schedule.events = events.iter().map(|(at, event)| (Duration::from_millis(*at), *event)).collect();
    schedule
}

/// Node 2 sleeps through two logins of node 1, and logs in when the store has forgotten both: its login is the third, though
/// its number is lower.
#[test]
fn r4_1_logins_are_ordered_by_ancestry() {
    let login = |node| Event::Login { node };
    let events = [
        (1_000, Event::Stop { node: 2, time: Duration::from_millis(5_005) }),
        (2_000, login(1)),
        (4_000, login(1)),
        (6_000, Event::RollBack { by: Duration::from_millis(4_500) }),
        (6_020, login(2)),
    ];
    assert_noticed(without(Rule::R4_1), |seed| logins(seed, &events), 0);
}

/// Node 1 logs in again while the store has forgotten its first login, which a second roll-back brings back.
#[test]
fn r13_before_has_the_known_login() {
    let events = [
        (2_000, Event::Login { node: 1 }),
        (6_000, Event::RollBack { by: Duration::from_millis(4_500) }),
        (6_005, Event::Login { node: 1 }),
        (6_500, Event::RollBack { by: Duration::from_millis(600) }),
    ];
    assert_noticed(without(Rule::R13), |seed| logins(seed, &events), 0);
}

/// A grace little longer than the lease, and holders that die after their send: no other fault.
fn short_grace(seed: u64) -> Schedule {
    let mut schedule = Schedule::of(Profile::Holders, seed);
    schedule.policy = Policy::Leeway;
    schedule.grace = Duration::from_millis(4_800);
    for node in &mut schedule.nodes {
        node.lease = Duration::from_secs(4);
        node.grace = schedule.grace;
    }
    schedule.register = Faults::none((Duration::from_millis(1), Duration::from_millis(10)));
    schedule.answers = Answers::default();
    schedule.sends = Sends { crash_after: 0.08, ..Sends::default() };
    schedule.events.clear();
    schedule.roll_out = None;
    schedule.outages.clear();
    schedule
}

#[test]
fn r6_5_a_dead_holder_is_noticed_within_the_grace() {
    // Several holders may die one after the other, until the grace is over.
    let lost = |switches: Switches| (0..60).filter(|seed| judged(&short_grace(*seed), switches).lost).count();
    let (kept, taken_out) = (lost(Switches::default()), lost(without(Rule::R6_5)));
    assert!(kept * 3 < taken_out, "{kept} sessions of 60 are lost with the rule, {taken_out} without");
}
