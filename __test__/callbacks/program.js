'use strict';

// A program of its own, in which each callback misbehaves in every way and every call's rejection is caught. Prints how
// many were; what it must not do is end before that, or say anything else.

const { TokenClient } = require('../../index.js');
const { situation } = require('./misbehaviours.js');
const { column } = require('./table.js');

const TOKENS = { accessToken: 'good', refreshToken: 'good-refresh' };
const URL = 'http://127.0.0.1:1/';
const EXPIRED = { ...TOKENS, expiresAt: 1 };
const HOOKS = [
  'onBeforeRefresh',
  'onRefreshed',
  'onRefreshFailed',
  'onPersistFailed',
  'onSuperseded',
  'logout',
  'onHookError',
];

/** Column → options with a callback that does `act`. */
const WIRINGS = [
  ['`refresh`', (act) => ({ tokens: TOKENS, refresh: act })],
  ['`getTokens`', (act) => ({ refresh: () => TOKENS, getTokens: act, setTokens() {} })],
  ['`setTokens`', (act) => ({ refresh: () => TOKENS, getTokens: () => EXPIRED, setTokens: once(act) })],
  ['`header.format`', (act) => ({ tokens: TOKENS, refresh: () => TOKENS, header: { format: act } })],
  ['`isSessionExpired`', (act) => ({ tokens: TOKENS, refresh: () => TOKENS, isSessionExpired: act })],
  ['`isRefreshFailureTerminal`', (act) => ({ refresh: fail, isRefreshFailureTerminal: act })],
  ['hooks', (act) => ({ refresh: fail, ...Object.fromEntries(HOOKS.map((name) => [name, act])) })],
  ['`logger`', (act) => ({ refresh: fail, logger: { debug: act, error: act } })],
];

function fail() {
  throw new Error('refused');
}

/** Later calls are good: a program waits for what it could not store. */
function once(act) {
  let calls = 0;
  return () => (calls++ === 0 ? act() : undefined);
}

async function main() {
  let settled = 0;
  for (const [name, wire] of WIRINGS) {
    for (const [misbehaviour] of column(name)) {
      const call = async () => client.get(URL).catch(() => {});
      const { act, end } = situation(misbehaviour, { good: () => TOKENS, call, blocks: 60 });
      const client = new TokenClient({ refreshTimeout: 30, maxRetries: 0, ...wire(act) });
      const calls = [client.get(URL), client.getAccessToken(), client.rotate(), client.getTokens()];
      settled += (await Promise.allSettled(calls)).length;
      end();
      await client.close();
    }
  }
  process.stdout.write(String(settled));
}

process.on('warning', ({ code }) => {
  if (code !== 'TOKEN_ROTATOR_HOOK') throw new Error('a warning of another kind');
});
main();
