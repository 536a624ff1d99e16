'use strict';

// Many rotations, one after the other, each of which is asked for by several callers at once.

const { fingerprint, reuses } = require('../ledger.js');
const { withLogin } = require('./world.js');

const CALLERS = 3;

/** Resolves with `{ rotations, reuses, wrong }`. */
function rotations(world, { rotations: count, progress }) {
  return withLogin(world, async ({ connect, tokens, record }) => {
    const client = connect();
    await client.setTokens(tokens);
    const redemptions = world.ledger.since();
    let unstored = 0;
    for (let i = 1; i <= count; i += 1) {
      await Promise.all(Array.from({ length: CALLERS }, () => client.rotate()));
      const { issued, token } = redemptions().at(-1);
      if (!holds(record(), issued ?? token)) unstored += 1;
      progress(`${i} of ${count} rotations`);
    }
    const { refreshToken } = await connect({ share: 'another' }).getTokens();
    const seen = redemptions();
    const last = seen.at(-1);
    const refused = seen.filter(({ status }) => status !== 200).length;
    const wrong = [
      seen.length !== count && `${seen.length} redemptions for ${count} rotations`,
      refused > 0 && `${refused} rotations were not answered with 200`,
      reuses(seen) > 0 && `${reuses(seen)} refresh tokens were sent again`,
      unstored > 0 && `${unstored} answers were not in the store`,
      fingerprint(refreshToken) !== (last.issued ?? last.token) && 'the store does not hold the last tokens',
    ].filter(Boolean);
    return { rotations: seen.length, reuses: reuses(seen), wrong };
  });
}

/** Whether the text of a record holds the token of this fingerprint. */
function holds(record, wanted) {
  return [...record.matchAll(/"([^"\\]*)"/g)].some(([, value]) => fingerprint(value) === wanted);
}

module.exports = { rotations };
