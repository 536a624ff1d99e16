'use strict';

const { inspect } = require('node:util');

const COUNTS = [
  ...['logins', 'tokenRequests', 'refreshes', 'early', 'reuses', 'graced', 'refused', 'revocations'],
  ...['apiRequests', 'rejected', 'expiries', 'undelivered', 'faults'],
];

/** The server's own view, token by token. No raw token enters it: tokens go by id, subject and generation. */
class Ledger {
  /** @type {Record<string, number>} */
  #counts = Object.fromEntries(COUNTS.map((name) => [name, 0]));
  #tokens = new Map();
  #lost;
  #requests;
  #applied = new Map();
  #maxTokens;
  #maxRequests;
  #held;
  #notify;

  constructor({ maxTokens, maxRequests, held, notify }) {
    this.#maxTokens = maxTokens;
    this.#maxRequests = maxRequests;
    this.#lost = new Recent(maxTokens);
    this.#requests = new Recent(maxRequests);
    this.#held = held;
    this.#notify = notify;
  }

  /** Counters since the start; a copy. */
  get counts() {
    return { ...this.#counts };
  }

  /** The latest refresh tokens, in order of issue. */
  get refreshTokens() {
    return [...this.#tokens.values()].map((token) => ({ ...token }));
  }

  /** Sessions that ended because a spent refresh token came back. */
  get lost() {
    return this.#lost.toArray();
  }

  /** The latest API requests with the subject and generation of the token each carried. */
  get requests() {
    return this.#requests.toArray();
  }

  /** How often each `x-request-id` was carried out (answered by the API, not rejected). */
  get applied() {
    return Object.fromEntries(this.#applied);
  }

  /** Requests a `hang` fault holds at the moment. */
  get hanging() {
    return this.#held();
  }

  toJSON() {
    const { counts, refreshTokens, lost, requests, applied, hanging } = this;
    return { counts, refreshTokens, lost, requests, applied, hanging };
  }

  [inspect.custom](depth, options) {
    const { counts, lost, hanging } = this;
    return `Ledger ${inspect({ counts, lost, hanging }, options)}`;
  }

  /** The part the server writes through; users get the ledger without it. */
  static open(options) {
    const ledger = new Ledger(options);
    return {
      ledger,
      count: (name) => void ledger.#counts[name]++,
      note: (event, details) => ledger.#notify(event, details),
      token: (entry) => ledger.#addToken(entry),
      lost: (entry) => ledger.#addLost(entry),
      request: (entry) => ledger.#addRequest(entry),
    };
  }

  #addToken(entry) {
    this.#tokens.set(entry.id, entry);
    prune(this.#tokens, this.#maxTokens, () => true);
  }

  #addLost(entry) {
    this.#lost.push(Object.freeze(entry));
    this.#notify('lost', entry);
  }

  #addRequest(entry) {
    this.#counts.apiRequests++;
    if (entry.status === 401) this.#counts.rejected++;
    this.#requests.push(Object.freeze(entry));
    const { requestId, applied } = entry;
    if (applied && requestId !== null) {
      this.#applied.set(requestId, (this.#applied.get(requestId) ?? 0) + 1);
      prune(this.#applied, this.#maxRequests, () => true);
    }
    this.#notify('request', entry);
  }
}

/** The last `max` things pushed, oldest first: what keeps a storm from growing the ledger without end. */
class Recent {
  #items = [];
  #next = 0;
  #max;

  constructor(max) {
    this.#max = max;
  }

  push(item) {
    if (this.#max === 0) return;
    this.#items[this.#next] = item;
    this.#next = (this.#next + 1) % this.#max;
  }

  toArray() {
    return [...this.#items.slice(this.#next), ...this.#items.slice(0, this.#next)];
  }
}

/** Drops the oldest dead entries of `map` until it holds `max`. Looks at a few only, and moves live ones to its end. */
function prune(map, max, isDead) {
  for (let looked = 0; map.size > max && looked < 8; looked++) {
    const [key, value] = map.entries().next().value;
    map.delete(key);
    if (!isDead(value)) map.set(key, value);
  }
}

module.exports = { Ledger, prune };
