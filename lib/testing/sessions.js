'use strict';

const { randomBytes } = require('node:crypto');
const clock = require('../clock.js');
const { prune } = require('./ledger.js');

// `again` answers with the tokens that the first spending gave, `rotate` gives new ones, `revoke` ends the session.
/** The policies for a spent refresh token. It is the "previous" one while no successor of it was spent. */
const REUSE = {
  strict: () => 'revoke',
  leeway: (spent, now, leeway) => (isPrevious(spent, now, leeway) ? 'rotate' : 'revoke'),
  'parent-of-active': (spent, now) => (isPrevious(spent, now, Infinity) ? 'again' : 'revoke'),
  'same-token-window': (spent, now, leeway) => (isPrevious(spent, now, leeway) ? 'again' : 'revoke'),
};

function isPrevious(spent, now, leeway) {
  return !spent.successorSpent && now - spent.entry.spentAt <= leeway;
}

/** Sessions (RFC 9700 calls one a grant) and the tokens issued for them. A dead session's tokens are all dead. */
class Sessions {
  #options;
  #journal;
  #live = new Map();
  #refreshTokens = new Map();
  #accessTokens = new Map();
  #skew = 0;
  #lastSession = 0;
  #lastToken = 0;

  constructor(options, journal) {
    this.#options = options;
    this.#journal = journal;
  }

  /** The server's clock: the machine's, plus what `advance` added. */
  now() {
    return clock.now() + this.#skew;
  }

  advance(ms) {
    this.#skew += ms;
  }

  login(subject) {
    const id = `session-${++this.#lastSession}`;
    const session = { id, subject, generation: 0, expiredUpTo: -1, noticed: -1, alive: true, access: null };
    this.#live.set(id, session);
    this.#journal.count('logins');
    const access = this.#issueAccess(session);
    const refresh = this.#issueRefresh(session, null, access);
    this.#journal.note('login', { session: id, subject, generation: 0 });
    return { access, refresh };
  }

  /** Exchanges a refresh token. Null: refused (`invalid_grant`). */
  exchange(raw) {
    const presented = this.#refreshTokens.get(raw);
    if (!presented) return null;
    const { session, entry } = presented;
    if (entry.spentAt !== null) return this.#exchangeSpent(presented);
    if (!session.alive) return null;
    return this.#options.reuse === 'none' ? this.#renew(presented, presented) : this.#rotate(presented);
  }

  /** The access token's record (null: never issued) and whether it is accepted now. */
  authorize(raw) {
    const access = this.#accessTokens.get(raw) ?? null;
    if (!access || !access.session.alive || this.now() < access.validFrom) return { access, accepted: false };
    if (!this.#hasRunOut(access)) return { access, accepted: true };
    if (access.generation === access.session.generation) this.#noticeExpiry(access.session);
    return { access, accepted: false };
  }

  /** RFC 7009: either kind of token ends its session. Unknown ones are ignored. */
  revokeToken(raw) {
    const token = this.#refreshTokens.get(raw) ?? this.#accessTokens.get(raw);
    if (token?.session.alive) this.#revoke(token.session);
  }

  revoke(subject) {
    return this.#forEach(subject, (session) => this.#revoke(session));
  }

  expire(subject) {
    return this.#forEach(subject, (session) => {
      session.expiredUpTo = session.generation;
    });
  }

  #forEach(subject, act) {
    const chosen = [...this.#live.values()].filter((it) => subject === undefined || it.subject === subject);
    chosen.forEach(act);
    return chosen.length;
  }

  #exchangeSpent(presented) {
    const { session, entry } = presented;
    const { reuse, leeway } = this.#options;
    const verdict = session.alive ? REUSE[reuse](presented, this.now(), leeway) : 'revoke';
    const graced = verdict !== 'revoke';
    entry.reused++;
    this.#journal.count('reuses');
    if (graced) this.#journal.count('graced');
    const { subject, id, generation } = entry;
    this.#journal.note('reuse', { session: session.id, subject, id, generation, graced });
    if (verdict === 'rotate') return this.#rotate(presented);
    if (verdict === 'again') return this.#again(presented);
    if (session.alive) this.#lose(presented);
    return null;
  }

  #rotate(presented) {
    presented.entry.spentAt ??= this.now();
    if (presented.parent) presented.parent.successorSpent = true;
    presented.parent = null; // Only its own spending needed it; a chain of parents would never be freed.
    const next = this.#renew(presented, null);
    presented.child = next.refresh;
    return next;
  }

  #again(presented) {
    const { child } = presented;
    if (this.#hasRunOut(child.access)) return this.#renew(presented, child);
    const expiresIn = child.access.expiresAt - this.now();
    return { presented, access: child.access, refresh: child, expiresIn };
  }

  /** A new access token, beside the refresh token given or a new one. */
  #renew(presented, keep) {
    const { session } = presented;
    const early = !this.#hasRunOut(session.access);
    if (early) this.#journal.count('early');
    else this.#noticeExpiry(session);
    session.generation++;
    this.#journal.count('refreshes');
    const access = this.#issueAccess(session);
    const refresh = keep ?? this.#issueRefresh(session, presented, access);
    refresh.access = access;
    const { id: sessionId, subject, generation } = session;
    this.#journal.note('refresh', { session: sessionId, subject, generation, id: refresh.entry.id, early });
    return { presented, access, refresh, expiresIn: this.#options.accessTokenTtl };
  }

  #lose(presented) {
    const { session, entry } = presented;
    this.#end(session);
    const { id, subject } = session;
    this.#journal.lost({ session: id, subject, at: this.now(), explained: entry.delivered === false });
  }

  #revoke(session) {
    this.#end(session);
    this.#journal.count('revocations');
    this.#journal.note('revoke', { session: session.id, subject: session.subject });
  }

  #end(session) {
    session.alive = false;
    this.#live.delete(session.id);
  }

  /** Counts a generation that ran out once, when somebody met it: nobody knows of the others. */
  #noticeExpiry(session) {
    if (session.noticed === session.generation) return;
    session.noticed = session.generation;
    this.#journal.count('expiries');
  }

  #hasRunOut(access) {
    return this.now() >= access.expiresAt || access.generation <= access.session.expiredUpTo;
  }

  #issueAccess(session) {
    const { accessTokenTtl, maxTokens, validAfter } = this.#options;
    const raw = newToken('at');
    const { generation } = session;
    const now = this.now();
    // A login's token is old enough when a program gets it.
    const validFrom = now + (generation === 0 ? 0 : validAfter);
    const access = { raw, session, generation, expiresAt: now + accessTokenTtl, validFrom };
    session.access = access;
    this.#accessTokens.set(raw, access);
    const isDead = (it) => !it.session.alive || (it !== it.session.access && this.#hasRunOut(it));
    prune(this.#accessTokens, maxTokens, isDead);
    return access;
  }

  #issueRefresh(session, parent, access) {
    const raw = newToken('rt');
    const entry = {
      id: `rt-${++this.#lastToken}`,
      session: session.id,
      subject: session.subject,
      generation: session.generation,
      issuedAt: this.now(),
      spentAt: null,
      delivered: null,
      reused: 0,
    };
    const token = { raw, session, entry, parent, child: null, access, successorSpent: false };
    this.#refreshTokens.set(raw, token);
    prune(
      this.#refreshTokens,
      this.#options.maxTokens,
      (it) => !it.session.alive || it.entry.spentAt !== null,
    );
    this.#journal.token(entry);
    return token;
  }
}

// 192 bits, so that a search for it in logs and errors cannot hit by chance; RFC 6750 characters.
function newToken(kind) {
  return `${kind}.${randomBytes(24).toString('base64url')}`;
}

module.exports = { Sessions };
