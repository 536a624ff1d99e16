'use strict';

// The history of a register: the records that its store held, in their order. It tells of stale writes that the store has
// accepted, and which refresh tokens the store has had.

const { fingerprint } = require('../token-endpoint.js');

/** How many commits and candidates a record has room for. */
const [TRAIL, CANDIDATES] = [16, 4];

class History {
  #last;
  /** Leases that another lease has followed. */
  #ended = new Set();
  /** How many records were seen. */
  records = 0;
  /** Reasons, one for each stale write. */
  stale = [];
  /** Fingerprints of all refresh tokens that the store had, as the tokens of a session or beside them. */
  tokens = new Set();
  /** Logins that the register has called lost. */
  lost = new Set();

  /** The store holds this record now. A history may miss records in between. */
  saw(text) {
    const { login, before, gen, commit, trail, tokens, lease, candidates, lost } = JSON.parse(text);
    const next = { login: login.id, before, gen, commit, trail, lease: lease?.id };
    next.candidates = candidates.map(({ id }) => id);
    next.isLost = lost !== null;
    this.records += 1;
    [tokens, ...candidates.map((candidate) => candidate.tokens)].forEach((kept) => {
      if (kept?.refresh) this.tokens.add(fingerprint(kept.refresh));
    });
    if (next.isLost) this.lost.add(next.login);
    const stale = this.#last && this.#isStale(this.#last, next);
    if (stale) this.stale.push(stale);
    if (this.#last?.lease !== next.lease) this.#ended.add(this.#last?.lease);
    this.#last = next;
  }

  /** Says what was lost, if `next` was not made from the record before it. */
  #isStale(last, next) {
    if (next.lease !== undefined && this.#ended.has(next.lease)) return 'a lease that had ended came back';
    if (next.login !== last.login) {
      return next.before.includes(last.login) ? undefined : 'a login gave way to one that did not know of it';
    }
    if (next.commit !== last.commit) {
      const isKnown = next.trail.includes(last.commit) || next.gen - last.gen >= TRAIL;
      return isKnown ? undefined : 'a rotation gave way to one that did not know of it';
    }
    const kept = last.candidates.every((id) => next.candidates.includes(id));
    if (!kept && next.candidates.length < CANDIDATES) return 'a candidate is gone';
    return last.isLost && !next.isLost && next.candidates.length === 0 ? 'a loss is gone' : undefined;
  }
}

module.exports = { History };
