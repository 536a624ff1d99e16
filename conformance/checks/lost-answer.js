'use strict';

// The server rotates, and its answer is lost. Without a grace the client sends the refresh token again only after its pause, and lives
// with what the server says. With a grace it does so at once, and the session goes on.

const { setTimeout: pause } = require('node:timers/promises');
const { errorOf, outcome, withLogin } = require('./world.js');

/** The shortest: after a refusal the client waits for so long, in case that another process has the answer. */
const LEASE_MS = 1_000;
/** What the second redemption of a token must end in, by what the server does with it. */
const STRICT = {
  refuses: 'ERR_SESSION_LOST (rotation_outcome_unknown)',
  repeats: 'rotated',
  keeps: 'rotated',
};

/** Resolves with `{ strict, graced, wrong }`; `graced` is undefined for a server without a grace. */
async function lostAnswer(world, { facts }) {
  const strict = await withoutGrace(world, STRICT[facts.spent]);
  if (facts.graceMs === undefined) return strict;
  const graced = await withGrace(world, facts.graceMs);
  return { strict: strict.strict, graced: graced.graced, wrong: [...strict.wrong, ...graced.wrong] };
}

function withoutGrace(world, expected) {
  return withLogin(world, async ({ connect, tokens }) => {
    const client = connect({ rotationGrace: 0, lease: LEASE_MS });
    await client.setTokens(tokens);
    const redemptions = world.ledger.since();
    world.ledger.loseNext();
    const first = await errorOf(client.rotate());
    const sent = redemptions().length;
    // 1 ms more, because Node's timers may be so much too early.
    await pause((first?.retryAfter ?? 0) + 1);
    const second = outcome(await errorOf(client.rotate()));
    const seen = redemptions();
    const wrong = [
      first?.code !== 'ERR_REFRESH_FAILED' && `the lost answer ended in ${outcome(first)}`,
      sent !== 1 && `the token was sent ${sent} times before the pause`,
      seen.length !== 2 && `the token was sent ${seen.length} times in all`,
      second !== expected && `the second sending ended in ${second}, not in ${expected}`,
    ].filter(Boolean);
    return { strict: second, wrong };
  });
}

function withGrace(world, rotationGrace) {
  return withLogin(world, async ({ connect, tokens }) => {
    const client = connect({ rotationGrace });
    await client.setTokens(tokens);
    const redemptions = world.ledger.since();
    world.ledger.loseNext();
    const first = outcome(await errorOf(client.rotate()));
    const sent = redemptions();
    const next = outcome(await errorOf(client.rotate()));
    const wrong = [
      first !== 'rotated' && `within the grace the lost answer ended in ${first}`,
      sent.length !== 2 && `within the grace the token was sent ${sent.length} times`,
      sent[0].token !== sent.at(-1).token && 'within the grace another token was sent',
      next !== 'rotated' && `after the grace the next rotation ended in ${next}`,
      redemptions().length !== 3 && `${redemptions().length} redemptions instead of 3`,
    ].filter(Boolean);
    return { graced: first, wrong };
  });
}

module.exports = { lostAnswer };
