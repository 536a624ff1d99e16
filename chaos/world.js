'use strict';

// One world: a server of one reuse policy, a store, processes that share a session in it, and one kind of fault.

const { setTimeout: pause } = require('node:timers/promises');
const { startAuthServer } = require('../lib/testing.js');
const { makeFolder, remove } = require('../tools/leftovers.js');
const { Clocks } = require('./clocks.js');
const { FAULTS } = require('./faults.js');
const { Fleet } = require('./fleet.js');
const { History } = require('./judge/history.js');
const { wasCutOff, wentBack } = require('./judge/outages.js');
const { judge } = require('./judge.js');
const { randomOf } = require('./random.js');
const { STALLED } = require('./stalls.js');
const { STORES } = require('./stores');
const { TokenEndpoint } = require('./token-endpoint.js');

/** The shortest that the option takes, so that many faults fit into a minute. */
const LEASE_MS = 1000;
const GRACE_MS = 30_000;
/** After the last fault: a lease that dies, and the longest pause of a session. */
const SETTLE_MS = 15_000;
/** Between two requests of a lane. */
const THINK_MS = 4;

class World {
  #failed = {};
  #lostReports = [];
  #late = [];
  #stalls = [];
  #scratch;
  #lostLogins = new Set();
  #login = Promise.resolve();
  #logins = 0;
  lease = LEASE_MS;

  static async open({ name, store, policy, fault }, { seed, processes, ttl }) {
    const world = new World();
    world.random = randomOf(seed, name);
    world.policy = policy;
    world.processes = processes;
    // First, because it may fail. Servers that then listened already would keep this program from its end.
    world.store = await STORES[store].open(randomOf(seed, `${name} store`));
    if (world.store.observe) {
      world.history = new History();
      await world.store.observe((...record) => world.history.saw(...record));
    }
    world.server = await startAuthServer({
      reuse: policy,
      leeway: GRACE_MS,
      accessTokenTtl: ttl,
      latency: [0, 20],
      maxTokens: 100_000,
      maxRequests: 0,
    });
    world.endpoint = new TokenEndpoint(world.server);
    await world.endpoint.listen();
    world.clocks = FAULTS[fault].clocks ? await Clocks.make() : undefined;
    world.#scratch = await makeFolder('token-rotator-stalls-');
    const rotationGrace = policy === 'strict' ? 0 : GRACE_MS;
    const settings = {
      url: world.server.url,
      tokenEndpoint: world.endpoint.url,
      store: world.store.option,
      lanes: 3,
      think: THINK_MS,
      stalls: { folder: world.#scratch, ms: STALLED * LEASE_MS },
      options: { session: 'chaos', lease: LEASE_MS, rotationGrace, timeout: 60_000 },
    };
    world.fleet = new Fleet(settings, (id) => world.clocks?.environment(id));
    world.store.attach(world.fleet);
    world.#listen();
    return world;
  }

  /** Starts the processes and logs in. */
  async begin() {
    const workers = await Promise.all(
      Array.from({ length: this.processes }, () => this.fleet.start({ begin: false })),
    );
    await this.#logIn();
    workers.forEach((worker) => this.fleet.tell(worker, { begin: true }));
    this.begunAt = Date.now();
  }

  /** Waits for `count` more rotations, but not for ever: a lost session has none until its login. */
  async rotations(count) {
    const { refreshes } = this.server.ledger.counts;
    const enough = this.server.waitFor((ledger) => ledger.counts.refreshes >= refreshes + count);
    await enough.catch(() => {});
  }

  /** With the faults over, each process must be served. */
  async settle() {
    const until = Date.now() + SETTLE_MS;
    const probe = async (worker) => {
      for (;;) {
        await this.#login;
        const outcome = await this.fleet.ask(worker, { probe: true }, 'probed');
        if (outcome === '200' || Date.now() > until) return outcome;
        await pause(100);
      }
    };
    const probes = await Promise.all(this.fleet.awake.map(probe));
    await this.store.observed();
    this.elapsed = Date.now() - this.begunAt;
    return probes;
  }

  verdict(fault, probes, ttl) {
    const expected = new Set(['200', ...FAULTS[fault].mayFail]);
    const { endpoint, fleet, server } = this;
    const failures = Object.entries(this.#failed).filter(([outcome]) => !expected.has(outcome));
    return judge({
      probes,
      spends: endpoint.spends,
      workers: fleet.workers,
      ledger: server.ledger,
      lease: LEASE_MS,
      ttl,
      history: this.history,
      now: Date.now(),
      cutOff: (worker, from, to) => wasCutOff(this.store, LEASE_MS, worker, from, to),
      wentBack: (committed, to) => wentBack(this.store, committed, to),
      failures: Object.fromEntries(failures),
      late: this.#late,
      stalls: this.#stalls,
      unfounded: this.#lostReports,
      strict: this.policy === 'strict',
      bound: fault === 'none' ? Math.ceil(this.elapsed / ttl) + 1 : Infinity,
    });
  }

  get outcomes() {
    return { ...this.#failed };
  }

  async close() {
    await this.fleet.close();
    await Promise.all([this.endpoint.close(), this.server.close()]);
    await this.store.close();
    await this.clocks?.close();
    await remove(this.#scratch);
  }

  #listen() {
    const { fleet, endpoint, server } = this;
    fleet.on('committed', (token, worker) => endpoint.committed(worker.id, token));
    fleet.on('unsaved', (token, worker) => endpoint.unsaved(worker.id, token));
    fleet.on('counts', (counts) => {
      for (const [outcome, times] of Object.entries(counts)) {
        this.#failed[outcome] = (this.#failed[outcome] ?? 0) + times;
      }
    });
    // By this process' clock, because a clock of theirs may jump.
    const since = (ms) => ({ from: Date.now() - ms, to: Date.now() });
    fleet.on('late', ({ outcome, ms }) => this.#late.push({ outcome, ...since(ms) }));
    fleet.on('stalled', (ms, { id }) => this.#stalls.push({ worker: id, ...since(ms) }));
    fleet.on('lost', (reason) => {
      // Reports of a session that was replaced meanwhile come late.
      const isFounded = server.ledger.lost.length > 0 && this.#lostLogins.size > 0;
      if (!isFounded) this.#lostReports.push(reason);
    });
    server.on('lost', ({ session }) => {
      this.#lostLogins.add(session);
      this.#login = this.#login.then(() => this.#logIn());
    });
  }

  /** As a person would whose session has ended: with one process that lives, until it is done. */
  async #logIn() {
    this.#logins += 1;
    const tokens = this.server.login(`login ${this.#logins}`);
    for (;;) {
      const worker = this.fleet.awake[0];
      const outcome = worker && (await this.fleet.ask(worker, { login: tokens }, 'loggedIn'));
      // A login that failed may still have been stored; a repeat of it is the same login to the server.
      if (outcome === 'done') return;
      await pause(50);
    }
  }
}

/** Runs one world to its end. `progress` is told after each fault. */
async function runWorld(what, options, progress = () => {}) {
  const world = await World.open(what, options);
  try {
    await world.begin();
    for (let struck = 1; struck <= options.events; struck += 1) {
      await FAULTS[what.fault].strike(world);
      progress({ struck, ledger: world.server.ledger });
    }
    const probes = await world.settle();
    const verdict = world.verdict(what.fault, probes, options.ttl);
    return { ...what, ...verdict, outcomes: world.outcomes, seconds: world.elapsed / 1000 };
  } finally {
    await world.close();
  }
}

module.exports = { runWorld };
