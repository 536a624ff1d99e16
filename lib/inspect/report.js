'use strict';

// What Rust tells of a store, in the form that `--json` prints. That form is public: fields may be added to it.

/** `told`: one object for each record, as `src/engine/fleet/inspect.rs` makes it. */
function report(wanted, told, now) {
  return {
    store: wanted.path ?? wanted.redis.urls.map(withoutCredentials).join(','),
    at: new Date(now).toISOString(),
    sessions: told.map(({ writtenAt, ...rest }) => ({
      ...rest,
      state: stateOf(rest),
      writtenAt: iso(writtenAt),
      expiresAt: iso(rest.expiresAt),
    })),
  };
}

/** @param {any} told */
function stateOf({ problem, missing, loggedOut, lost, lease, cooldown, intent }) {
  if (missing) return 'missing';
  if (problem) return 'unreadable';
  if (loggedOut) return 'logged out';
  if (lost) return 'lost';
  if (lease) return 'rotating';
  if (cooldown) return 'cooling down';
  // Its holder died, or its answer never came: the next rotation finds out.
  return intent ? 'interrupted' : 'active';
}

/** The last moment of a Date, ms. A later one, which whoever can write to a store can put there, would end the whole command. */
const NEVER = 8.64e15;

function iso(ms) {
  return typeof ms === 'number' && ms <= NEVER ? new Date(ms).toISOString() : null;
}

/** A password may stand before the host and in the query. */
function withoutCredentials(text) {
  const { protocol, host, pathname } = new URL(text);
  return `${protocol}//${host}${pathname}`;
}

module.exports = { report };
