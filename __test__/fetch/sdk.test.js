'use strict';

// SDKs that take a fetch, given a client's: what they do with requests and answers is theirs, and the token rotates under
// all of it. Each runs as a program of its own, as an ES module.

const path = require('node:path');
const { endChildren, reported, start } = require('../lifecycle/child.js');
const { closeServers } = require('../requests/servers.js');
const { serveSdk } = require('./sdk-server.js');

afterEach(endChildren);
afterEach(closeServers);
jest.setTimeout(120_000);

const LARGE = 600_000;

/** What each program's calls give in the end. */
const RESULTS = {
  openai: {
    completion: 'héllo',
    stream: 'héllo',
    upload: ['name.jsonl', 7],
    download: LARGE,
    failure: [404, 'NotFoundError'],
  },
  stripe: {
    retrieve: ['cus_7', 'ü'],
    create: ['cus_8', 'ü'],
    list: ['cus_1'],
    failure: [404, 'StripeInvalidRequestError'],
  },
  octokit: {
    list: [200, ['2'], '<next>'],
    create: 'ü',
    graphql: { viewer: 'query { viewer { login } }' },
    upload: ['application/octet-stream', 'content', '7'],
    failure: [404, 'HttpError'],
  },
  ky: {
    get: { id: 7, q: 'ü' },
    post: { item: 'ü' },
    form: { filename: 'name', bytes: 7 },
    hooks: ['1', 200, true],
    progress: [LARGE, LARGE],
    failure: ['HTTPError', 404],
  },
  'openapi-fetch': {
    get: [{ id: 7, q: 'ü' }, 200],
    post: { item: 'ü' },
    stream: LARGE,
    failure: [{ message: 'not found' }, 404, true],
  },
  postgrest: {
    select: [['eq.7'], 1, 200],
    insert: [[{ name: 'ü' }], null],
    failure: ['not found', 404],
  },
};

test.each(Object.keys(RESULTS))('%s', async (name) => {
  const { ledger, ...settings } = await serveSdk();
  const script = path.join(__dirname, 'programs', `${name}.mjs`);
  const { results, stats } = await reported(start([script, JSON.stringify(settings)]));
  expect(results).toEqual(RESULTS[name]);

  const calls = 8 * Object.keys(RESULTS[name]).length;
  expect(ledger).toMatchObject({ answered: calls, reuses: 0 });
  expect(ledger.refreshes).toBeGreaterThanOrEqual(Math.floor((calls - 1) / 5));
  expect(stats).toMatchObject({ requests: calls, rotations: ledger.refreshes });
  // Each rotation began with a request that was then replayed. Some rejections are no replays: a token that is used up by
  // other requests within 2 s of its arrival is sent again after pauses, because not every server may know it yet.
  expect(stats.replays).toBeGreaterThanOrEqual(ledger.refreshes);
  expect(stats.replays).toBeLessThanOrEqual(ledger.rejected);
});
