//! Draws a schedule from a seed.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::super::keys::RollOut;
use super::super::register::{Faults, Outage};
use super::super::server::Policy;
use super::super::time::{Moment, NodeId};
use super::{Answers, Event, NodeSetup, Profile, Schedule, Sends};

const FAULTS_END: Duration = Duration::from_secs(30);
const QUIET: Duration = Duration::from_secs(40);

impl Schedule {
    pub(crate) fn of(profile: Profile, seed: u64) -> Self {
        let rng = &mut StdRng::seed_from_u64(seed);
        let policy = *Policy::ALL.choose(rng).expect("five policies");
        let grace = if policy.has_grace() { ms(rng, 4_000, 30_000) } else { Duration::ZERO };
        let lease = ms(rng, 1_000, 4_000);
        let has_locks = rng.random_bool(0.2);
        let few = if profile == Profile::Holders { 3 } else { 2 };
        let count = rng.random_range(few..=4);
        let rate = rng.random_range(0.9..=1.1);
        let newer = if rng.random_bool(0.2) { 0.5 } else { 0.0 };
        let nodes: Vec<_> = (0..count)
            .map(|_| NodeSetup {
                rate: if has_locks { rate } else { rng.random_range(0.9..=1.1) },
                offset: ms(rng, 0, 100_000),
                lease: if rng.random_bool(0.8) { lease } else { ms(rng, 1_000, 4_000) },
                grace: if rng.random_bool(0.8) { grace } else { grace / 2 },
                refresh_deadline: ms(rng, 2_000, 5_000),
                is_newer: rng.random_bool(newer),
            })
            .collect();
        let mut schedule = Self {
            seed,
            profile,
            nodes,
            policy,
            grace,
            lifetime: ms(rng, 3_000, 8_000),
            ends_access: rng.random_bool(0.3),
            register: register(profile, rng, lease),
            outages: Vec::new(),
            has_locks,
            has_watch: rng.random_bool(0.3),
            roll_out: None,
            answers: answers(profile, rng),
            sends: sends(profile, rng),
            events: Vec::new(),
            faults_end: FAULTS_END,
            end: FAULTS_END + QUIET,
        };
        schedule.draw_events(rng);
        schedule
    }

    fn draw_events(&mut self, rng: &mut StdRng) {
        let [crashes, stops, roll_backs, outages, logins] = match self.profile {
            Profile::Mixed => [2, 2, 1, 2, 1],
            Profile::RollBacks => [1, 1, 4, 1, 2],
            Profile::Ambiguous => [1, 1, 0, 2, 1],
            Profile::Breaks => [1, 1, 0, 1, 3],
            Profile::Holders => [1, 4, 0, 2, 0],
            Profile::Logins => [1, 1, 1, 1, 5],
            Profile::Clean => [0, 0, 0, 0, 3],
        };
        let longest = self.nodes.iter().map(|node| node.lease).max().unwrap_or_default();
        for _ in 0..rng.random_range(0..=crashes) {
            let event = Event::Crash { node: self.any(rng), restart_after: ms(rng, 10, 4_000) };
            self.events.push((moment(rng), event));
        }
        for _ in 0..rng.random_range(0..=stops) {
            let event =
                Event::Stop { node: self.any(rng), time: longest.mul_f64(rng.random_range(0.3..3.0)) };
            self.events.push((moment(rng), event));
        }
        for _ in 0..rng.random_range(0..=roll_backs) {
            self.events.push((moment(rng), Event::RollBack { by: ms(rng, 100, 15_000) }));
        }
        for _ in 0..rng.random_range(0..=logins) {
            let node = self.any(rng);
            let event = if rng.random_bool(0.7) { Event::Login { node } } else { Event::Logout { node } };
            self.events.push((moment(rng), event));
        }
        for _ in 0..rng.random_range(0..=outages) {
            let from = moment(rng);
            let until = (from + longest.mul_f64(rng.random_range(0.2..2.5))).min(FAULTS_END);
            let node = if rng.random_bool(0.5) { Some(self.any(rng)) } else { None };
            self.outages.push(Outage { from, until, node, hangs: rng.random_bool(0.4) });
        }
        if self.profile != Profile::Clean
            && self.nodes.iter().all(|node| !node.is_newer)
            && rng.random_bool(0.25)
        {
            let deploys: Vec<_> =
                self.nodes.iter().map(|_| [ms(rng, 5_000, 10_000), ms(rng, 14_000, 20_000)]).collect();
            for (node, deploy) in deploys.iter().enumerate() {
                self.events.extend(deploy.map(|at| (at, Event::Deploy { node })));
            }
            self.roll_out = Some(RollOut { from_plain: rng.random_bool(0.5), deploys });
        }
        self.events.sort_by_key(|(at, _)| *at);
    }

    fn any(&self, rng: &mut StdRng) -> NodeId {
        rng.random_range(0..self.nodes.len())
    }
}

fn register(profile: Profile, rng: &mut StdRng, lease: Duration) -> Faults {
    let dense = match profile {
        Profile::Mixed | Profile::Logins => 0.04,
        Profile::RollBacks | Profile::Holders | Profile::Breaks => 0.02,
        Profile::Ambiguous | Profile::Clean => 0.12,
    };
    // In a clean world no faults in a row may last for a lease.
    let is_clean = profile == Profile::Clean;
    let timeout = if is_clean { lease / 10 } else { lease.mul_f64(rng.random_range(0.1..1.5)) };
    let mut chance = || if rng.random_bool(0.7) { rng.random_range(0.0..dense) } else { 0.0 };
    Faults {
        latency: (Duration::from_micros(300), Duration::from_millis(15)),
        slow: chance(),
        slow_latency: (lease / 50, lease / if is_clean { 12 } else { 3 }),
        fails: chance(),
        fails_applied: chance(),
        hangs: chance(),
        late_by: (Duration::from_millis(1), lease * 2),
        breaks: if profile == Profile::Breaks { 0.06 } else { 0.0 },
        broken_for: (Duration::from_millis(10), lease * 3),
        timeout,
        stale: chance(),
        stale_by: Duration::from_millis(500),
        most_in_a_row: if is_clean { 1 } else { u32::MAX },
    }
}

fn answers(profile: Profile, rng: &mut StdRng) -> Answers {
    let mut chance = |most: f64| if rng.random_bool(0.6) { rng.random_range(0.0..most) } else { 0.0 };
    let mut answers = Answers {
        slow: chance(0.4),
        lost_after: chance(0.15),
        lost_before: chance(0.1),
        too_many: chance(0.15),
        unavailable: chance(0.15),
        refused: chance(0.1),
    };
    if profile == Profile::Clean {
        answers.lost_after = 0.0;
        answers.lost_before = 0.0;
    }
    answers
}

fn sends(profile: Profile, rng: &mut StdRng) -> Sends {
    let dense = match profile {
        Profile::Mixed => 0.06,
        Profile::Holders => 0.25,
        Profile::Clean => return Sends::default(),
        _ => 0.03,
    };
    let mut chance = || if rng.random_bool(0.6) { rng.random_range(0.0..dense) } else { 0.0 };
    Sends {
        stop_before: chance() / 2.0,
        stop_after: chance(),
        crash_before: chance() / 2.0,
        crash_after: chance() / 2.0,
    }
}

fn moment(rng: &mut StdRng) -> Moment {
    ms(rng, 500, 29_000)
}

fn ms(rng: &mut StdRng, least: u64, most: u64) -> Duration {
    Duration::from_millis(rng.random_range(least..=most))
}
