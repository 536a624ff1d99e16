'use strict';

// Whatever ends a thread or the process, and at whatever moment, the addon adds nothing to it: no abort, no hang, the
// exit code that it would have been without.

const { startAuthServer } = require('../../lib/testing.js');
const { endChildren, program, reported } = require('./child.js');

jest.setTimeout(120_000);

/** How many processes run at a time. */
const WIDTH = 4;

let server;
beforeEach(async () => {
  // Threads die with the tokens they have just fetched, so spent ones come back: that is not the point here.
  server = await startAuthServer({ reuse: 'none', accessTokenTtl: 500, latency: [0, 5], maxRequests: 0 });
});
afterEach(async () => {
  await endChildren();
  await server.close();
});

function run(name, settings) {
  const { url, tokenEndpoint } = server;
  return program(name, { url, tokenEndpoint, tokens: server.login(), ...settings });
}

/** `count` runs of a program, each ending after another number of answers; their distinct ends. */
async function ends(count, settings) {
  const found = new Map();
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const answers = 1 + next++ * 3;
      const { code, signal, stdout, stderr } = await run('ending', { answers, ...settings }).ended;
      const end = { code, signal, stdout, stderr: stderr.match(/^Error: .*$/m)?.[0] ?? stderr };
      found.set(JSON.stringify(end), end);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, lane));
  return [...found.values()];
}

test('two hundred workers terminated under traffic take nothing else with them', async () => {
  const logins = Array.from({ length: 4 }, () => server.login());
  const facts = await reported(run('terminations', { rounds: 40, width: 5, logins }));
  expect(facts).toMatchObject({ codes: [1], own: [200] });
  // A refresh that died with its thread: the session it was for pauses, and says so.
  expect([200, 'ERR_REFRESH_FAILED']).toEqual(expect.arrayContaining(facts.shared));
  expect(server.ledger.counts.refreshes).toBeGreaterThan(0);
});

test('process.exit(7) under traffic is exit code 7, fifty times', async () => {
  const end = { code: 7, signal: null, stdout: '', stderr: '' };
  expect(await ends(40, { ending: 'exit', workers: 0 })).toEqual([end]);
  expect(await ends(10, { ending: 'exit', workers: 3 })).toEqual([end]);
});

test('an uncaught error under traffic is exit code 1 and that error', async () => {
  const end = { code: 1, signal: null, stdout: '', stderr: 'Error: thrown under traffic' };
  expect(await ends(15, { ending: 'throw', workers: 0 })).toEqual([end]);
  expect(await ends(5, { ending: 'throw', workers: 3 })).toEqual([end]);
});

test.each([
  ['process.exit(7)', 'exit', { code: 7, error: null }],
  ['an uncaught error', 'throw', { code: 1, error: 'thrown under traffic' }],
])('%s in a worker ends that worker alone', async (_name, ending, expected) => {
  const facts = await reported(run('worker-ending', { ending, answers: 20, workers: 0 }));
  expect(facts).toEqual({ ...expected, status: 200 });
});
