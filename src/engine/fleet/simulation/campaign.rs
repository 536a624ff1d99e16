//! Runs many schedules on all cores, and counts what came of them.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use super::cluster::{Evidence, run};
use super::judge::{Judgement, Reason, judge};
use super::schedule::Schedule;
use crate::fleet::Switches;
use crate::lock::Lock;

#[derive(Default)]
pub(super) struct Report {
    pub(super) schedules: u64,
    polls: u64,
    redemptions: usize,
    reasons: BTreeMap<Reason, usize>,
    lost: u64,
    pub(super) failures: BTreeMap<u64, Vec<String>>,
}

/// Runs one schedule for each seed. `progress` is told how many are done.
pub(super) fn campaign(
    seeds: Range<u64>,
    switches: Switches,
    schedule: impl Fn(u64) -> Schedule + Sync,
    progress: impl Fn(&Report) + Sync,
) -> Report {
    let next = AtomicU64::new(seeds.start);
    let report = Lock::<Report>::default();
    let work = || loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= seeds.end {
            return;
        }
        let judgement = judged(&schedule(seed), switches);
        let mut report = report.lock();
        report.add(seed, judgement);
        progress(&report);
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    std::mem::take(&mut report.lock())
}

/// Runs and judges. A panic is a violation.
pub(super) fn judged(schedule: &Schedule, switches: Switches) -> Judgement {
    let run = || judge(&run(schedule, switches, false, |_, _| ()));
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Judgement {
        violations: vec!["the program panics".into()],
        ..Judgement::default()
    })
}

/// The story of a seed, for people: the same run again, with its trace.
pub(super) fn story(schedule: &Schedule, switches: Switches) -> String {
    let Ok(Evidence { trace, .. }) =
        catch_unwind(AssertUnwindSafe(|| run(schedule, switches, true, |_, _| ())))
    else {
        return format!("{schedule:#?}\nThe program panics.");
    };
    format!("{schedule:#?}\n{}", trace.join("\n"))
}

impl Report {
    fn add(&mut self, seed: u64, judgement: Judgement) {
        self.schedules += 1;
        self.polls += judgement.polls;
        self.redemptions += judgement.redemptions;
        self.lost += u64::from(judgement.lost);
        for (reason, count) in judgement.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
        if !judgement.violations.is_empty() {
            self.failures.insert(seed, judgement.violations);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "schedules {}, steps of nodes {}, redemptions {}",
            self.schedules, self.polls, self.redemptions
        )?;
        writeln!(f, "sessions lost for a reason {}", self.lost)?;
        writeln!(f, "second redemptions explained {}", self.reasons.values().sum::<usize>())?;
        for (reason, count) in &self.reasons {
            writeln!(f, "  {:<20} {count}", format!("{reason:?}"))?;
        }
        write!(f, "schedules with a violation {}", self.failures.len())?;
        for (seed, violations) in self.failures.iter().take(40) {
            write!(f, "\n  seed {seed}: {}", violations.join("; "))?;
        }
        Ok(())
    }
}
