'use strict';

// The processes that share one session: started, killed, stopped and replaced.

const { EventEmitter, once } = require('node:events');
const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');
const { startModule } = require('../tools/leftovers.js');

const WORKER = path.join(__dirname, 'worker.js');

/** No measure of speed: only a process that does not end takes so long. */
const HANGS_AFTER_MS = 60_000;

/** Emits what its processes tell: `counts`, `committed`, `unsaved`, `lost`, `late`, `stalled`, `ask`, `stats`, with the worker. */
class Fleet extends EventEmitter {
  #settings;
  #environment;
  #last = 0;
  /** All that ever lived: `{ id, child, ready, killedAt, goneAt, stops: [{ from, to }], exit }`. */
  workers = [];

  /** `settings`: those of worker.js. `environment(id)`: variables of that process alone. */
  constructor(settings, environment = () => ({})) {
    super();
    this.#settings = settings;
    this.#environment = environment;
  }

  get running() {
    return this.workers.filter((worker) => worker.exit === undefined && worker.killedAt === undefined);
  }

  /** Those that are neither stopped nor told to end. */
  get awake() {
    return this.running.filter(({ ready, ending, stops }) => ready && !ending && stops.at(-1)?.to !== null);
  }

  /** `begin`: whether it sends requests at once. */
  async start({ begin = true } = {}) {
    this.#last += 1;
    const id = `p${this.#last}`;
    const child = startModule(WORKER, [JSON.stringify({ id, ...this.#settings })], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, ...this.#environment(id) },
    });
    const worker = { id, child, ready: false, ending: false, killedAt: undefined, stops: [], stderr: '' };
    child.stderr.setEncoding('utf8').on('data', (text) => (worker.stderr += text));
    worker.gone = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        worker.goneAt = Date.now();
        resolve((worker.exit = { code, signal }));
      });
    });
    this.workers.push(worker);
    child.on('message', (message) => this.#hear(worker, message));
    await Promise.race([once(child, 'message'), worker.gone]);
    if (worker.exit && worker.killedAt === undefined) throw new Error(`a process ended: ${worker.stderr}`);
    worker.ready = true;
    if (begin) this.tell(worker, { begin: true });
    return worker;
  }

  tell(worker, message) {
    // A process that was killed a moment ago is still connected.
    if (worker.child.connected) worker.child.send(message, () => {});
  }

  /** Resolves with the answer named `name`, or undefined if the process is gone before it. */
  async ask(worker, message, name) {
    const answer = new Promise((resolve) => {
      const hear = (heard) => {
        if (heard[name] === undefined) return;
        worker.child.off('message', hear);
        resolve(heard[name]);
      };
      worker.child.on('message', hear);
    });
    this.tell(worker, message);
    return Promise.race([answer, worker.gone.then(() => undefined)]);
  }

  kill(worker) {
    worker.killedAt = Date.now();
    worker.child.kill('SIGKILL');
    return worker.gone;
  }

  /** Resolves when it runs again. */
  async stop(worker, ms) {
    const stop = { from: Date.now(), to: null };
    worker.stops.push(stop);
    worker.child.kill('SIGSTOP');
    await pause(ms);
    worker.child.kill('SIGCONT');
    stop.to = Date.now();
  }

  /** As a deployment ends a process: it finishes its requests and closes its client. */
  async end(worker) {
    worker.ending = true;
    this.tell(worker, { end: true });
    await Promise.race([worker.gone, pause(HANGS_AFTER_MS, undefined, { ref: false })]);
    if (worker.exit?.code !== 0) throw new Error(`a process did not end well: ${worker.stderr}`);
  }

  async close() {
    await Promise.all(this.running.map((worker) => this.kill(worker)));
  }

  #hear(worker, message) {
    for (const [name, value] of Object.entries(message)) this.emit(name, value, worker);
  }
}

module.exports = { Fleet };
