'use strict';

// Environments come and go; the engine behind them is one for the process.

const { startAuthServer } = require('../../lib/testing.js');
const { endChildren, program, reported } = require('./child.js');

jest.setTimeout(120_000);

let server;
beforeEach(async () => (server = await startAuthServer()));
afterEach(async () => {
  await endChildren();
  await server.close();
  const { counts, lost } = server.ledger;
  expect({ reuses: counts.reuses, lost }).toEqual({ reuses: 0, lost: [] });
});

function run(name, settings) {
  const { url, tokenEndpoint } = server;
  return program(name, { url, tokenEndpoint, tokens: server.login(), ...settings });
}

test('the main thread goes on when a worker that used the addon ends', async () => {
  const facts = await reported(run('environments', { main: true, visits: 3 }));
  expect(facts).toEqual({ visits: ['200 200, 0'], statuses: [200] });
});

test('twenty workers in sequence use it where the main thread never loads it', async () => {
  const facts = await reported(run('environments', { main: false, visits: 20 }));
  expect(facts).toEqual({ visits: ['200 200, 0'], statuses: [] });
});

describe('a rotation whose worker is terminated', () => {
  async function orphaned(stage) {
    const tokens = server.login();
    server.expire();
    return reported(run('orphans', { stage, tokens }));
  }

  test.each(['about to be read', 'being read', 'saved'])(
    'while the tokens are %s is finished with the callbacks of another',
    async (stage) => {
      expect(await orphaned(stage)).toEqual({ outcomes: [200], next: 200 });
      expect(server.ledger.counts.refreshes).toBe(1);
    },
  );

  // Whether the server has seen the refresh token is not known: only the session's own pause may lead to the next try.
  test('while the tokens are refreshed fails for those who wait, and the session goes on', async () => {
    expect(await orphaned('refreshed')).toEqual({ outcomes: ['ERR_REFRESH_FAILED'], next: 200 });
    expect(server.ledger.counts.refreshes).toBe(1);
  });
});
