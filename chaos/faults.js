'use strict';

// What is done to the processes. `strike` does it once and resolves when the next one may come; it must not wait for
// what the fault may make impossible. `mayFail` are the errors that requests may end with because of it.

const { setTimeout: pause } = require('node:timers/promises');
const clocks = require('./clocks.js');
const { STEPS } = require('./token-endpoint.js');

/** How long a step is waited for: a lease, a cool-down, and more. Then the fault strikes at a random process. */
const STEP_MS = 5000;
const LOSS = ['ERR_SESSION_LOST', '401'];
/** After a refresh whose answer was lost, a strict session pauses. */
const PAUSED = ['ERR_REFRESH_FAILED'];
/** The store was away, or took nothing. */
const STORE = ['ERR_STORE_UNAVAILABLE', 'ERR_LOCK_TIMEOUT'];
/** The connection that listens has ended. */
const UNWATCHED = ['hook: store.watch'];
const DAY_MS = 86_400_000;

const FAULTS = {
  /** No fault: what must show is that nothing goes wrong. */
  none: {
    mayFail: [],
    strike: (world) => world.rotations(2),
  },

  kill: {
    mayFail: LOSS,
    async strike(world) {
      await pause(world.random.between(5, 150));
      await replace(world, world.random.pick(world.fleet.awake));
    },
  },

  /** Killed while it refreshes: before the server has the token, with the answer on its way, with the answer in hand. */
  'kill-at-step': {
    mayFail: LOSS,
    async strike(world) {
      await replace(world, await atStep(world, (worker) => void world.fleet.kill(worker)));
    },
  },

  stop: {
    // A call of the store that was under way has run out of time when the process goes on.
    mayFail: [...LOSS, 'ERR_STORE_UNAVAILABLE'],
    async strike(world) {
      const ms = world.random.between(1.4, 2.2) * world.lease;
      let over;
      const stop = (worker) => {
        over = world.fleet.stop(worker, ms);
        return over;
      };
      if (world.random.chance(0.7)) await atStep(world, (worker) => void stop(worker));
      else stop(world.random.pick(world.fleet.awake));
      await over;
      await world.rotations(2);
    },
  },

  /** As a deployment replaces processes. It must cost nothing. */
  restart: {
    mayFail: [],
    async strike(world) {
      const worker = world.random.pick(world.fleet.awake);
      await world.fleet.start();
      await world.fleet.end(worker);
    },
  },

  'lost-answer': {
    mayFail: [...LOSS, ...PAUSED],
    async strike(world) {
      await pause(world.random.between(5, 100));
      await atStep(world, (worker, cut) => cut(), 'rotated');
      await world.rotations(1);
    },
  },

  /** The wall clock of a process jumps by up to a day. It must cost nothing but early refreshes. */
  'clock-jump': {
    stores: ['file', 'redis', 'postgres'],
    clocks: true,
    missing: clocks.missing,
    mayFail: [],
    async strike(world) {
      const { id } = world.random.pick(world.fleet.awake);
      await world.clocks.set(id, world.random.between(-DAY_MS, DAY_MS));
      await world.rotations(3);
    },
  },

  'store-restart': {
    stores: ['redis', 'postgres'],
    mayFail: [...LOSS, ...PAUSED, ...STORE, ...UNWATCHED],
    async strike(world) {
      await pause(world.random.between(5, 200));
      await world.store.server.restart(pause(world.random.between(0, 1500)));
      await world.rotations(2);
    },
  },

  failover: {
    stores: ['sentinel'],
    mayFail: [...LOSS, ...PAUSED, ...STORE],
    async strike(world) {
      await pause(world.random.between(5, 500));
      await world.store.server.failover();
      await world.rotations(2);
    },
  },

  'disk-full': {
    stores: ['small-disk'],
    mayFail: [...LOSS, ...PAUSED, ...STORE],
    async strike(world) {
      await pause(world.random.between(5, 200));
      await world.store.disk.fill(pause(world.random.between(50, 2500)));
      await world.rotations(2);
    },
  },

  'store-trouble': {
    stores: ['register'],
    mayFail: [...LOSS, ...PAUSED, ...STORE],
    async strike(world) {
      world.store.register.trouble = world.random.between(0.1, 1);
      await pause(world.random.between(100, 1500));
      world.store.register.trouble = 0;
      await world.rotations(1);
    },
  },
};

async function replace(world, worker) {
  if (worker === undefined) return;
  if (worker.killedAt === undefined) await world.fleet.kill(worker);
  await world.fleet.start();
}

/** Calls `strike` when a process comes to a step of its refresh or, in a register of ours, of a write. Resolves with it. */
function atStep(world, strike, step = world.random.pick(stepsOf(world))) {
  const { endpoint, fleet, store, random } = world;
  return new Promise((resolve) => {
    const hit = (worker, cut) => {
      clearTimeout(late);
      disarm();
      strike(worker, cut);
      resolve(worker);
    };
    const disarm = () => {
      endpoint.arm(undefined);
      if (store.register) store.register.onWrite = {};
    };
    // A session that cools down, or a holder that died, may keep the step from coming.
    const late = setTimeout(() => hit(random.pick(fleet.awake), () => {}), STEP_MS);
    if (STEPS.includes(step)) {
      endpoint.arm(step, (spend, cut) =>
        hit(
          fleet.workers.find(({ id }) => id === spend.worker),
          cut,
        ),
      );
    } else {
      store.register.onWrite[step] = (worker) => hit(worker, () => {});
    }
  });
}

function stepsOf({ store }) {
  return store.register ? [...STEPS, 'before', 'after'] : STEPS;
}

module.exports = { FAULTS };
