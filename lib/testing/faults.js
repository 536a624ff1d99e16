'use strict';

const { send } = require('./wire.js');

const PHASES = ['before-rotate', 'after-rotate', 'mid-body', 'api', 'after-api'];
const KINDS = ['status', 'reset', 'hang', 'html', 'delay', 'malformed'];
const SPEC_KEYS = ['at', 'kind', 'status', 'headers', 'body', 'delay', 'times'];

const HTML = '<!doctype html><html><head><title>Please wait</title></head><body>One moment.</body></html>';
const CUT_JSON = '{"access_token":"';

/** The faults asked for, first come first served within a phase, and how each is acted out on a response. */
class Faults {
  /** @type {Map<string, any[]>}  phase → faults in order */
  #queues = new Map(PHASES.map((phase) => [phase, []]));
  #patience;
  #onHit;

  constructor(patience, onHit) {
    this.#patience = patience;
    this.#onHit = onHit;
  }

  /** Queues a fault; its handle tells how often it was met and takes it back. */
  add(spec) {
    checkSpec(spec);
    const fault = { ...spec, left: spec.times ?? 1, hits: 0 };
    const queue = this.#queues.get(fault.at) ?? [];
    queue.push(fault);
    return {
      get hits() {
        return fault.hits;
      },
      cancel: () => {
        const index = queue.indexOf(fault);
        if (index >= 0) queue.splice(index, 1);
      },
    };
  }

  /** Takes all of them back. */
  clear() {
    for (const queue of this.#queues.values()) queue.length = 0;
  }

  /** The fault this request meets in `phase`, or undefined. */
  take(phase) {
    const queue = this.#queues.get(phase) ?? [];
    const fault = queue[0];
    if (!fault) return undefined;
    fault.hits++;
    if (--fault.left <= 0) queue.shift();
    this.#onHit({ at: fault.at, kind: fault.kind });
    return fault;
  }

  /** Acts out a fault in front of an answer. True: it took the answer's place. */
  async replace(phase, response) {
    const fault = this.take(phase);
    if (!fault) return false;
    if (fault.kind === 'hang' || fault.kind === 'delay') {
      await this.#wait(fault);
      return false;
    }
    if (fault.kind === 'reset') response.socket?.resetAndDestroy();
    else send(response, ...replacement(fault));
    return true;
  }

  /** Acts out a fault halfway through an answer. True: the whole answer got out all the same. */
  async interrupt(fault, response, headers, body) {
    const half = body.length >> 1;
    const entire = fault.kind === 'reset' || fault.kind === 'hang' || fault.kind === 'delay';
    const status = fault.kind === 'status' ? (fault.status ?? 503) : 200;
    // Promising the whole length makes a reset visible as a cut; without it chunks end cleanly in broken JSON.
    const length = entire ? { 'content-length': body.length } : undefined;
    response.writeHead(status, { ...headers, ...length, ...fault.headers });
    await new Promise((resolve) => response.write(body.subarray(0, half), resolve));
    if (fault.kind === 'reset') {
      response.socket?.destroy(); // Not an RST: that could overtake the half already sent.
      return false;
    }
    if (!entire) {
      response.end(fault.kind === 'html' ? bodyOf(fault, HTML) : '');
      return false;
    }
    await this.#wait(fault);
    response.end(body.subarray(half));
    return true;
  }

  #wait(fault) {
    return fault.kind === 'hang' ? this.#patience.hold() : this.#patience.pause(fault.delay);
  }
}

/** Status, headers and body of the answer a fault gives instead of the real one. */
function replacement(fault) {
  const { kind, headers } = fault;
  const html = { 'content-type': 'text/html; charset=utf-8' };
  if (kind === 'html') return [fault.status ?? 200, { ...html, ...headers }, bodyOf(fault, HTML)];
  const json = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  if (kind === 'malformed') return [fault.status ?? 200, { ...json, ...headers }, bodyOf(fault, CUT_JSON)];
  const status = fault.status ?? 503;
  // RFC 9110 §15.5.2: a 401 carries a challenge.
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer error="invalid_token"' } : undefined;
  const body = bodyOf(fault, '{"error":"temporarily_unavailable"}');
  return [status, { ...json, ...challenge, ...headers }, body];
}

function bodyOf({ body }, otherwise) {
  if (body === undefined) return Buffer.from(otherwise);
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(JSON.stringify(body));
}

function checkSpec(spec) {
  if (spec === null || typeof spec !== 'object') throw new TypeError('a fault must be an object');
  const unknown = Object.keys(spec).find((key) => !SPEC_KEYS.includes(key));
  if (unknown !== undefined) throw new TypeError(`unknown fault option "${unknown}"`);
  const { at, kind, status, delay, times = 1 } = spec;
  if (!PHASES.includes(at)) throw new TypeError(`fault option "at" must be one of ${PHASES.join(', ')}`);
  if (!KINDS.includes(kind)) throw new TypeError(`fault option "kind" must be one of ${KINDS.join(', ')}`);
  if (kind === 'delay' && !(typeof delay === 'number' && delay >= 0 && delay < Infinity)) {
    throw new TypeError('fault option "delay" must be a number of milliseconds');
  }
  if (status !== undefined && !(Number.isInteger(status) && status >= 200 && status <= 599)) {
    throw new TypeError('fault option "status" must be an HTTP status, 200 to 599');
  }
  if (!(times === Infinity || (Number.isInteger(times) && times > 0))) {
    throw new TypeError('fault option "times" must be a positive whole number or Infinity');
  }
}

module.exports = { Faults };
