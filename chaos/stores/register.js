'use strict';

// A register in this process, which the others reach by messages: the user's own database, with its faults.

const { setTimeout: pause } = require('node:timers/promises');

/** The ways in which one operation of a store in trouble goes wrong. */
const TROUBLES = ['rejects', 'hangs', 'late', 'lies', 'slow'];

class SharedRegister {
  #records = new Map();
  #fleet;
  #random;
  /** The share of operations that go wrong. */
  trouble = 0;
  /** When each process' writes were applied and answered: process → times. */
  written = new Map();
  /** Called with the process at each write, before it and after it. */
  onWrite = { before: undefined, after: undefined };
  /** Called with each record that is stored. */
  observer = () => {};

  constructor(random) {
    this.#random = random;
  }

  /** The register of this fleet's processes. */
  serve(fleet) {
    this.#fleet = fleet;
    fleet.on('ask', async ({ number, name, args }, worker) => {
      const reply = (answer) => fleet.tell(worker, { reply: { number, ...answer } });
      const apply = () => (name === 'read' ? this.#read(...args) : this.#compareAndSet(worker, ...args));
      await this.#answer(reply, apply);
    });
  }

  async #answer(reply, apply) {
    const trouble = this.#random.chance(this.trouble) ? this.#random.pick(TROUBLES) : undefined;
    if (trouble === 'rejects') return reply({ error: 'the database is not there' });
    if (trouble === 'hangs') return undefined;
    if (trouble === 'slow') await pause(this.#random.between(50, 400));
    // The client has given up by then, and the write is applied all the same if it still fits.
    if (trouble === 'late') await pause(this.#random.between(400, 2000));
    const result = apply();
    return reply(trouble === 'lies' ? { error: 'the connection was lost' } : { result });
  }

  #read(session) {
    return this.#records.get(session) ?? null;
  }

  #compareAndSet(worker, session, next, expected) {
    this.onWrite.before?.(worker);
    const stored = this.#records.get(session);
    if ((stored?.version ?? null) !== expected) return stored?.version === next.version;
    this.#records.set(session, next);
    this.observer(next.record);
    if (!this.written.has(worker.id)) this.written.set(worker.id, []);
    this.written.get(worker.id).push(Date.now());
    this.#fleet.running.forEach((other) => this.#fleet.tell(other, { changed: session }));
    this.onWrite.after?.(worker);
    return true;
  }
}

module.exports = { SharedRegister };
