'use strict';

// A short run of `npm run trial`, and its judge. The long runs are for people; see chaos/README.md.

const { execFile } = require('node:child_process');
const path = require('node:path');
const { verdict } = require('../../chaos/trial/cell.js');

const RUN = path.join(__dirname, '..', '..', 'chaos', 'trial', 'run.js');
/** Tokens that live long enough for a machine that does something else too. */
const [ROTATIONS, TTL] = [24, 400];
jest.setTimeout(120_000);

test('two processes that share a store rotate once for each token, and every request is answered with 200', async () => {
  const args = [RUN, '--json', '--only=^file/2$', `--rotations=${ROTATIONS}`, `--ttl=${TTL}`];
  const stdout = await new Promise((resolve) => {
    execFile(process.execPath, args, (_error, output) => resolve(output));
  });
  const [{ wrong, rotations, adopted, outcomes }] = JSON.parse(stdout).results;
  expect(wrong).toEqual([]);
  expect(rotations).toBeGreaterThanOrEqual(ROTATIONS);
  // Each of the two was served with tokens of the other, or the run would show nothing.
  expect({ adopted: adopted > 0, requests: outcomes['200'] > rotations }).toEqual({
    adopted: true,
    requests: true,
  });
});

const SPEND = { token: 'a', issued: 'b' };
const GOOD = {
  ttl: 100,
  share: 1,
  ms: 150,
  stalled: false,
  told: { outcomes: { 200: 10 }, rotations: 1, adopted: 1, leaseWaits: 0, leaseWaitMs: 0 },
  spends: [SPEND],
  ledger: { counts: { refreshes: 1, reuses: 0, early: 0 }, lost: [] },
};

test('a part in which nothing went wrong', () => {
  expect(verdict(GOOD).wrong).toEqual([]);
});

test.each([
  ['no more rotations came', { stalled: true }],
  ['a session was lost', { ledger: { ...GOOD.ledger, lost: [{}] } }],
  ['a token came back', { ledger: { ...GOOD.ledger, counts: { ...GOOD.ledger.counts, reuses: 1 } } }],
  ['a generation was refreshed twice', { spends: [SPEND, { token: 'a', issued: 'c' }] }],
  [
    'tokens were refreshed before they ran out',
    { ms: 1, ledger: counted(3), told: { ...GOOD.told, rotations: 3 } },
  ],
  ['no process knows of a refresh', { ledger: counted(2) }],
  ['a request failed', { told: { ...GOOD.told, outcomes: { 200: 9, 401: 1 } } }],
])('wrong: %s', (_name, what) => {
  expect(verdict({ ...GOOD, ...what }).wrong).toHaveLength(1);
});

function counted(refreshes) {
  return { ...GOOD.ledger, counts: { ...GOOD.ledger.counts, refreshes } };
}
