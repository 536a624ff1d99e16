'use strict';

// The servers, none of which is ours, and what the settings of each say about a refresh token that was spent:
//
// - `spent`: 'refuses'; 'repeats', the answer that was given; 'keeps', because the token stays valid and no other is issued.
// - `graceMs`: for how long it repeats.
// - `apartMs`: access tokens that are issued within so long are equal, so that none can be told from the one before.

const GRACE_S = 10;
const REFUSES = { spent: 'refuses' };
const REPEATS = { spent: 'repeats', graceMs: GRACE_S * 1000 };
const KEEPS = { spent: 'keeps' };

/** By server: setting → its parameters, and what they mean. */
const SETTINGS = {
  'oidc-provider': { strict: [{}, REFUSES] },
  django: {
    strict: [{ GRACE: 0, PROTECTION: true }, REFUSES],
    grace: [{ GRACE: GRACE_S, PROTECTION: true }, REPEATS],
    unprotected: [{ GRACE: 0, PROTECTION: false }, REFUSES],
  },
  'better-auth': {
    strict: [{ refreshTokenReuseInterval: 0 }, REFUSES],
    grace: [{ refreshTokenReuseInterval: GRACE_S }, REPEATS],
  },
  glewlwyd: {
    strict: [{ 'refresh-token-one-use': 'always' }, REFUSES],
    reusable: [{ 'refresh-token-one-use': 'never' }, KEEPS],
  },
  authgent: { strict: [{}, REFUSES] },
  canaille: { unprotected: [{}, { ...REFUSES, apartMs: 1_000 }] },
};

/** `{ name, server, version, start, parameters, facts }` of each server and setting. */
const SERVERS = Object.entries(SETTINGS).flatMap(([server, settings]) => {
  const { start, version } = require(`./${server}`);
  return Object.entries(settings).map(([setting, [parameters, facts]]) => ({
    name: `${server}/${setting}`,
    ...{ server, version, start, parameters, facts },
  }));
});

module.exports = { SERVERS };
