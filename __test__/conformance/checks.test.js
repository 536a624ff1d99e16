'use strict';

// The checks of `npm run conformance`, at the one server that is installed with the tests, and at one that is not what is said of it.
// All of them: docs/conformance.md.

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const { lostAnswer } = require('../../conformance/checks/lost-answer.js');
const { oddAnswers } = require('../../conformance/checks/odd-answers.js');
const { rotations } = require('../../conformance/checks/rotations.js');
const { twoProcesses } = require('../../conformance/checks/two-processes.js');
const { Ledger, reuses } = require('../../conformance/ledger.js');
const { runServer } = require('../../conformance/matrix.js');
const { start } = require('../../conformance/servers/oidc-provider');

const RUN = path.join(__dirname, '../../conformance/run.js');
const REFUSES = { spent: 'refuses' };
const options = { rotations: 10, rounds: 5, facts: REFUSES, progress() {} };

let world;

beforeAll(async () => {
  const server = await start();
  const ledger = new Ledger(server.tokenEndpoint);
  await ledger.listen();
  world = { server, ledger };
}, 30_000);

afterAll(async () => {
  await world?.ledger.close();
  await world?.server.stop();
});

test('rotations', async () => {
  expect(await rotations(world, options)).toEqual({ rotations: 10, reuses: 0, wrong: [] });
});

test('a lost answer', async () => {
  const strict = 'ERR_SESSION_LOST (rotation_outcome_unknown)';
  expect(await lostAnswer(world, options)).toEqual({ strict, wrong: [] });
}, 20_000);

test('two processes', async () => {
  expect(await twoProcesses(world, options)).toEqual({ rounds: 5, redemptions: 5, wrong: [] });
}, 20_000);

test('odd answers', async () => {
  const seen = await oddAnswers(world, options);
  expect(seen).toEqual({ own: 'ERR_SESSION_LOST (rejected)', odd: expect.any(Number), bad: 0, wrong: [] });
}, 20_000);

test('a server with another policy than is said of it: the check says so', async () => {
  const { wrong } = await lostAnswer(world, { ...options, facts: { spent: 'keeps' } });
  expect(wrong).toEqual([expect.stringContaining('the second sending ended in ERR_SESSION_LOST')]);
}, 20_000);

test('a rotation that fails ends the check of rotations', async () => {
  world.ledger.loseNext();
  await expect(rotations(world, options)).rejects.toMatchObject({ code: 'ERR_REFRESH_FAILED' });
}, 20_000);

test('a server that cannot be installed is not run', async () => {
  const failing = () => Promise.reject(new Error('no such package'));
  const result = await runServer({ name: 'a', server: 'a', version: '1', start: failing }, options);
  expect(result).toMatchObject({ notRun: 'no such package', wrong: [] });
});

test.each([
  [[], 0],
  [
    [
      ['a', 'b'],
      ['b', 'c'],
    ],
    0,
  ],
  [
    [
      ['a', 'b'],
      ['a', 'c'],
    ],
    1,
  ],
  [
    [
      ['a', 'b'],
      ['b', 'c'],
      ['a', null],
      ['b', null],
    ],
    2,
  ],
  // Neither a refusal nor a token that stays is a spending.
  [
    [
      ['a', null],
      ['a', null],
    ],
    0,
  ],
  [
    [
      ['a', 'a'],
      ['a', 'a'],
    ],
    0,
  ],
])('reuses in %j: %i', (pairs, count) => {
  expect(reuses(pairs.map(([token, issued]) => ({ token, issued })))).toBe(count);
});

test('the command names its servers, and needs none of them for that', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [RUN, '--list', '--only=/grace$']);
  expect(stdout.trim().split('\n')).toEqual(['django/grace', 'better-auth/grace']);
});
