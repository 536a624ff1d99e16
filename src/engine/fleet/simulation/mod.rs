//! The protocol of the fleet in a world of one seed: nodes that crash, stop and lose their clocks, a register and servers that
//! fail, all in virtual time.
//!
//! `schedule` draws a world and `cluster` runs it: `node` and `login` are the program of each process, `sender` its way to the
//! `server`, `register` what they share, and `time` the clock of all. `log` and the server's ledger are the evidence, which
//! `judge` judges from the server's side; `keys` seals the records. `campaign` runs many schedules, and `telling` is for their
//! traces. `small` is the world of two nodes in which each step is tried. `mutations` takes rules out of the protocol, and
//! expects the judge to notice.

mod campaign;
mod cluster;
mod judge;
mod keys;
mod log;
mod login;
mod mutations;
mod node;
mod register;
mod schedule;
mod sender;
mod server;
mod small;
mod telling;
mod time;

use campaign::{campaign, story};
use cluster::run;
use schedule::{Profile, Schedule};
use server::Policy;

use crate::fleet::Switches;

const SESSION: &str = "session";

/// How many schedules CI runs. `SIMULATE` sets another number, `SEED` the first seed, `PROFILE` one profile for all.
const SHORT: u64 = 1_200;

#[test]
#[allow(clippy::print_stdout, reason = "whoever starts a long campaign watches it")]
fn no_schedule_spends_a_token_twice_without_a_reason() {
    let (asked, first) = (number("SIMULATE"), number("SEED").unwrap_or_default());
    let count = asked.unwrap_or(SHORT);
    let report = campaign(first..first + count, Switches::default(), drawn, |report| {
        if asked.is_some() && report.schedules.is_multiple_of(5_000) {
            println!("{} of {count} schedules, {} with a violation", report.schedules, report.failures.len());
        }
    });
    println!("{report}");
    if let Some((seed, violations)) = report.failures.first_key_value() {
        let story = story(&drawn(*seed), Switches::default());
        panic!("{story}\n{report}\nSEED={seed} SIMULATE=1 repeats it: {violations:#?}");
    }
}

#[test]
fn a_seed_repeats_its_run() {
    for seed in 0..12 {
        let schedule = drawn(seed);
        let trace = || run(&schedule, Switches::default(), true, |_, _| ()).trace;
        assert_eq!(trace(), trace(), "seed {seed}");
    }
}

/// Without the order of sending, the first seed has a token sent twice for no reason: the request of a process that dies is overtaken. In the second
/// one a login gives way to one of which its process never knew.
#[test]
fn seeds_that_long_campaigns_found_have_their_reasons() {
    for (profile, seed) in [(Profile::Mixed, 50_596), (Profile::RollBacks, 40_664)] {
        let report =
            campaign(seed..seed + 1, Switches::default(), |seed| Schedule::of(profile, seed), |_| ());
        assert!(report.failures.is_empty(), "{:#?}", report.failures);
    }
}

/// Late and ambiguous writes, slow answers, 429, 503 and logins, and no reason of §15.
#[test]
fn clean_worlds_never_spend_a_token_twice() {
    let clean = |seed| Schedule::of(Profile::Clean, seed);
    let report = campaign(10_000..10_200, Switches::default(), clean, |_| ());
    if let Some((seed, violations)) = report.failures.first_key_value() {
        panic!("{}\nseed {seed}: {violations:#?}", story(&clean(*seed), Switches::default()));
    }
}

/// Every stop, and with every 16th step's crash every stop. `SMALL=1` takes every crash, and every server.
#[test]
#[allow(clippy::print_stdout, reason = "whoever searches the whole small world watches it")]
fn the_small_world_holds_at_every_step() {
    let is_whole = number("SMALL").is_some();
    let policies: &[Policy] = if is_whole { &Policy::ALL } else { &[Policy::Strict] };
    for policy in policies {
        let only = |step: u64| is_whole || step.is_multiple_of(16);
        let (runs, violations) = small::search(*policy, Switches::default(), only);
        println!("{policy:?}: {runs} runs, {} violations", violations.len());
        assert!(violations.is_empty(), "{violations:#?}");
    }
}

/// The schedule of a seed.
fn drawn(seed: u64) -> Schedule {
    let profiles = Profile::ALL;
    let profile = number("PROFILE").unwrap_or(seed);
    Schedule::of(profiles[usize::try_from(profile).expect("a number of a profile") % profiles.len()], seed)
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
