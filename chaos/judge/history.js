'use strict';

// The history of a register: the records that its store held, in their order. It tells of stale writes that the store has
// accepted, and which refresh tokens the store has had.
//
// A store of several servers has a line of records for each, because each write was accepted by one of them, over the record that this
// one held. A write that its master had accepted, and that no replica got before the master was gone, is not in the line of the replica
// that takes over. So the writes after a failover are not stale because they do not know of it. They are stale if they do not know of what
// the new master held.

const { fingerprint } = require('../token-endpoint.js');

/** How many commits and candidates a record has room for. */
const [TRAIL, CANDIDATES] = [16, 4];

class History {
  /** By the server: the record that it holds, and `ended`, the leases that another lease has followed. */
  #lines = new Map();
  /** How many writes were accepted. */
  records = 0;
  /** Reasons, one for each stale write. */
  stale = [];
  /** Fingerprints of all refresh tokens that the store had, as the tokens of a session or beside them. */
  tokens = new Set();
  /** Logins that the register has called lost. */
  lost = new Set();

  /**
   * The store holds this record now. A history may miss records in between. `server`: which one of the store, if it has several.
   * `isCopy`: it has the record from its master, which accepted the write.
   */
  saw(text, { server = 'the only one', isCopy = false } = {}) {
    const { login, before, gen, commit, trail, tokens, lease, candidates, lost } = JSON.parse(text);
    const next = { login: login.id, before, gen, commit, trail, lease: lease?.id };
    next.candidates = candidates.map(({ id }) => id);
    next.isLost = lost !== null;
    [tokens, ...candidates.map((candidate) => candidate.tokens)].forEach((kept) => {
      if (kept?.refresh) this.tokens.add(fingerprint(kept.refresh));
    });
    if (next.isLost) this.lost.add(next.login);
    const line = this.#lines.get(server) ?? { last: undefined, ended: new Set() };
    this.#lines.set(server, line);
    if (!isCopy) this.#accepted(line, next);
    if (line.last?.lease !== next.lease) line.ended.add(line.last?.lease);
    line.last = next;
  }

  #accepted({ last, ended }, next) {
    this.records += 1;
    const stale = last && staleness(last, next, ended);
    if (stale) this.stale.push(stale);
  }
}

/** Says what was lost, if `next` was not made from the record before it. */
function staleness(last, next, ended) {
  if (next.lease !== undefined && ended.has(next.lease)) return 'a lease that had ended came back';
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

module.exports = { History };
