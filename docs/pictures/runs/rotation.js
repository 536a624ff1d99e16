'use strict';

// Three processes share one session, and their token expires. Records what each of them does: what the API and the token endpoint
// got, and what became of each call of the store. All of it is seen in this process, so that all times are of one clock.

const { once } = require('node:events');
const path = require('node:path');
const { performance } = require('node:perf_hooks');
const { startAuthServer } = require('../../../lib/testing.js');
const { startModule } = require('../../../tools/leftovers.js');

const NAMES = ['A', 'B', 'C'];

class Run {
  events = [];
  #server;
  #children = new Map();
  #stored = new Map();
  #holder;
  #waiting = new Set();
  #allWait;
  #recording = false;

  async record() {
    this.#server = await startAuthServer({ latency: 20 });
    this.#server.on('request', ({ requestId, status }) => {
      const name = requestId?.split(' ')[0];
      const again = this.events.some((event) => event.name === name && event.kind === 'request');
      this.#note(name, again ? 'replay' : 'request', { status });
    });
    this.#server.on('fault', () => this.#note(this.#holder, 'refresh'));
    this.#server.on('answered', () => this.#note(this.#holder, 'answer'));
    await Promise.all(NAMES.map((name) => this.#start(name)));
    await this.#tell('A', { login: this.#server.login('ada') });
    await this.#tellAll({ request: 'before' });

    this.#server.expire();
    this.#recording = true;
    // The token endpoint takes its time, until the two others have seen the lease.
    this.#server.fault({ at: 'before-rotate', kind: 'hang' });
    const allWait = new Promise((resolve) => (this.#allWait = resolve));
    const served = this.#tellAll({ request: 'now' });
    await this.#server.waitFor(({ hanging }) => hanging === 1);
    await allWait;
    this.#server.release();
    await served;
    this.#recording = false;

    const { counts, lost } = this.#server.ledger;
    await this.#end();
    return { events: this.#sinceFirst(), ledger: { ...counts, lost: lost.length } };
  }

  async #start(name) {
    const { url, tokenEndpoint } = this.#server;
    const program = path.join(__dirname, 'rotation-process.js');
    const child = startModule(program, [JSON.stringify({ name, url, tokenEndpoint })]);
    this.#children.set(name, child);
    child.on('message', ({ ask }) => {
      if (ask === undefined) return;
      const result = ask.method === 'read' ? this.#read(name, ...ask.args) : this.#write(name, ...ask.args);
      child.send({ answer: { number: ask.number, result } });
    });
    await done(child);
  }

  #read(name, session) {
    const stored = this.#stored.get(session) ?? null;
    const { lease, gen } = stored === null ? {} : JSON.parse(stored.record);
    this.#note(name, lease ? 'busy' : 'read', { generation: gen });
    if (lease && name !== this.#holder) this.#waiting.add(name);
    if (this.#waiting.size === NAMES.length - 1) this.#allWait?.();
    return stored;
  }

  #write(name, session, next, expected) {
    const stored = this.#stored.get(session);
    const fits = (stored?.version ?? null) === expected;
    const [before, after] = [stored, next].map((it) => it && JSON.parse(it.record));
    const kind = after.lease && after.lease.id !== before?.lease?.id ? 'claim' : 'commit';
    if (fits && kind === 'claim') this.#holder = name;
    this.#note(name, fits ? kind : 'conflict', { generation: after.gen });
    if (!fits) return false;
    this.#stored.set(session, next);
    for (const [other, child] of this.#children) {
      child.send({ changed: true });
      if (kind === 'commit' && other !== name) this.#note(other, 'changed');
    }
    return true;
  }

  #note(name, kind, more) {
    if (this.#recording) this.events.push({ at: performance.now(), name, kind, ...more });
  }

  #sinceFirst() {
    const first = this.events[0].at;
    return this.events.map((event) => ({ ...event, at: event.at - first }));
  }

  async #tell(name, message) {
    const child = this.#children.get(name);
    child.send(message);
    await done(child);
  }

  #tellAll(message) {
    return Promise.all(NAMES.map((name) => this.#tell(name, message)));
  }

  async #end() {
    const children = [...this.#children.values()];
    const ended = Promise.all(children.map((child) => once(child, 'exit')));
    for (const child of children) child.send({ end: true });
    await ended;
    await this.#server.close();
  }
}

async function done(child) {
  for (;;) {
    const [message] = await once(child, 'message');
    if (message.done) return;
  }
}

module.exports = { NAMES, record: () => new Run().record() };
