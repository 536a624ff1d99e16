'use strict';

// A short run of `npm run chaos`: real processes, real kills. The long runs are for people; see chaos/README.md.

const { execFile } = require('node:child_process');
const path = require('node:path');

const RUN = path.join(__dirname, '..', '..', 'chaos', 'run.js');
jest.setTimeout(120_000);

function chaos(...args) {
  return new Promise((resolve) => {
    execFile(process.execPath, [RUN, '--json', ...args], (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stderr, results: stdout ? JSON.parse(stdout).results : [] });
    });
  });
}

test('processes that are killed lose no session that the ledger does not explain', async () => {
  const { code, stderr, results } = await chaos(
    '--only=^file/(strict/(none|kill)|leeway/kill-at-step)$|^register/strict/kill$',
    '--events=3',
  );
  expect(results.flatMap(({ wrong }) => wrong)).toEqual([]);
  expect({ code, worlds: results.length }).toEqual({ code: 0, worlds: 4 });
  expect(stderr).toContain('--seed=');
  // A world in which nothing happened would be right as well. A strict server may end the session at the first kill.
  for (const { name, rotations, outcomes } of results.filter(({ name }) => !name.endsWith('strict/kill'))) {
    expect({ name, busy: rotations > 1 && outcomes['200'] > 10 }).toEqual({ name, busy: true });
  }
});
