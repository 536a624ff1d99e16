'use strict';

// Refusals as servers really write them: the server's own, of a token that somebody else has spent, and odd ones of status 400 that the
// ledger gives in its place. Each is one request and an error with a code; the store keeps its tokens, and no request follows by itself.

const { errorOf, outcome, withLogin } = require('./world.js');

const HTML = '<!doctype html><title>Bad Request</title><h1>Bad Request</h1>';
const JSON_TYPE = { 'content-type': 'application/json' };

const LOST = 'ERR_SESSION_LOST (rejected)';
const FAILED = 'ERR_REFRESH_FAILED';
/**
 * Each of status 400, and what it means by docs/callbacks.md: without an OAuth error, the refusal of the refresh token. `requests`: 1, or
 * 1 and the `maxRetries` where nothing was spent.
 */
const ODD = [
  { name: 'empty', headers: {}, body: '', means: LOST },
  { name: 'empty JSON', headers: JSON_TYPE, body: '', means: LOST },
  { name: 'an empty object', headers: JSON_TYPE, body: '{}', means: LOST },
  { name: 'null', headers: JSON_TYPE, body: 'null', means: LOST },
  { name: 'an error of null', headers: JSON_TYPE, body: '{"error":null}', means: LOST },
  { name: 'HTML', headers: { 'content-type': 'text/html' }, body: HTML, means: LOST },
  { name: 'broken off JSON', headers: JSON_TYPE, body: '{"error":"inv', means: LOST },
  { name: 'invalid_grant as text', headers: {}, body: '{"error":"invalid_grant"}', means: LOST },
  { name: 'invalid_request', headers: JSON_TYPE, body: '{"error":"invalid_request"}', means: FAILED },
  { name: 'invalid_scope', headers: JSON_TYPE, body: '{"error":"invalid_scope"}', means: FAILED },
  {
    name: 'invalid_client',
    headers: JSON_TYPE,
    body: '{"error":"invalid_client"}',
    means: FAILED,
    requests: 4,
  },
];
/** What the server's own answer to a spent token must end in. */
const OWN = { refuses: LOST, repeats: 'rotated', keeps: 'rotated' };

/** Resolves with `{ own, odd, bad, wrong }`: the outcome of the server's own answer, how many odd ones there were, and how many failed. */
async function oddAnswers(world, { facts }) {
  const own = await ownRefusal(world, OWN[facts.spent]);
  const found = [];
  for (const odd of ODD) found.push(await oddAnswer(world, odd));
  const bad = found.filter(({ length }) => length > 0).length;
  return { own: own.outcome, odd: ODD.length, bad, wrong: [...own.wrong, ...found.flat()] };
}

/** Somebody else spends the refresh token first. */
function ownRefusal(world, expected) {
  return withLogin(world, async ({ connect, tokens }) => {
    const { client, writes } = await callbacks(connect, tokens);
    const thief = connect({ store: undefined, tokens });
    await thief.rotate();
    const redemptions = world.ledger.since();
    const seen = outcome(await errorOf(client.rotate()));
    const lost = seen === LOST;
    // A session that is lost asks no more.
    if (lost) await errorOf(client.rotate());
    const { length } = redemptions();
    const wrong = [
      seen !== expected && `the server's own answer to a spent token ended in ${seen}, not in ${expected}`,
      length !== 1 && `the server's own answer was asked for ${length} times`,
      lost && writes() > 0 && 'the store was written after a refusal',
    ].filter(Boolean);
    return { outcome: seen, wrong };
  });
}

function oddAnswer(world, { name, headers, body, means, requests = 1 }) {
  return withLogin(world, async ({ connect, tokens }) => {
    const { client, writes } = await callbacks(connect, tokens);
    const redemptions = world.ledger.since();
    world.ledger.answerWith({ status: 400, headers, body });
    const seen = outcome(await errorOf(client.rotate()));
    // What a caller in a loop would do: a lost session, and one that cools down, ask the server no more.
    await errorOf(client.rotate());
    world.ledger.answerWith(undefined);
    const sent = redemptions().length;
    // The server was never asked, so that the tokens of the store must be good: for a program that starts anew.
    const anew = outcome(await errorOf((await callbacks(connect, tokens)).client.rotate()));
    return [
      seen !== means && `${name}: ended in ${seen}, not in ${means}`,
      sent !== requests && `${name}: ${sent} requests instead of ${requests}`,
      writes() > 0 && `${name}: the store was written`,
      anew !== 'rotated' && `${name}: the tokens that were stored ended in ${anew}`,
    ].filter(Boolean);
  });
}

/** A client whose store is a pair of callbacks: it holds `tokens`, and counts what is written. */
async function callbacks(connect, tokens) {
  let stored = tokens;
  let written = 0;
  const client = connect({
    store: undefined,
    getTokens: () => stored,
    setTokens: (next) => {
      [stored, written] = [next, written + 1];
    },
  });
  await client.getTokens();
  return { client, writes: () => written };
}

module.exports = { ODD, oddAnswers };
