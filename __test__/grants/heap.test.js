'use strict';

// Tokens of a grant stay in Rust: a snapshot of the JavaScript heap, which has every string that V8 knows, has none of them. With
// more rotations: ROTATIONS=1000 npx jest __test__/grants/heap

const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { TokenClient } = require('../../index.js');
const { Hooks } = require('../../lib/callbacks/hooks.js');
const { startChild } = require('./support/child.js');

const ROTATIONS = Number(process.env.ROTATIONS ?? 0);

let folder;
const running = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'grants-'));
});

afterEach(async () => {
  for (const child of running.splice(0).reverse()) await child.stop();
  rmSync(folder, { recursive: true });
});

async function start(name, options) {
  const child = await startChild(name, options);
  running.push(child);
  return child;
}

/** The heap of a program after so many rotations, and all tokens that its server has issued. */
async function heapAfter(rotations, { store, hook }) {
  const server = await start('authority', { uses: 1, rotates: true });
  const { url: baseURL, tokenEndpoint } = server;
  const grant = { type: 'client_credentials', tokenEndpoint, clientId: 'app' };
  const options = { baseURL, grant, store };
  // Each access token is good for one request.
  const member = await start('member', { options, count: rotations, hook });
  expect(await member.ask()).toEqual([200]);
  const file = path.join(folder, 'member.heapsnapshot');
  expect((await member.ask({ snapshot: file })).rotations).toBe(rotations);
  const { prefix, tokens, reuses } = await server.ask();
  expect(reuses).toBe(0);
  expect(tokens).toHaveLength(2 * rotations);
  return { text: readFileSync(file, 'latin1'), prefix, tokens };
}

/** The tokens of which a part is in the heap. */
function leaked({ text, prefix, tokens }) {
  if (!text.includes(prefix)) return tokens.slice(-50).filter((token) => text.includes(token.slice(-20)));
  return tokens.filter((token) => text.includes(token));
}

test.each([
  ['memory', 1_000, () => undefined],
  ['a directory', 100, () => ({ type: 'file', path: path.join(folder, 'store') })],
])(
  'with %s no token is in the heap, after %i rotations',
  async (_name, rotations, storeOf) => {
    expect(leaked(await heapAfter(ROTATIONS || rotations, { store: storeOf() }))).toEqual([]);
  },
  300_000,
);

test('a hook brings them there, so that this test can fail', async () => {
  const found = await heapAfter(5, { hook: true });
  expect(leaked(found).length).toBeGreaterThan(0);
});

test.each([
  ['no token crosses without a hook for it', undefined, [undefined, undefined]],
  ['a hook has the tokens cross', () => {}, [expect.any(Array), expect.any(Array)]],
])('%s', async (_name, onRefreshed, expected) => {
  const crossed = jest.spyOn(Hooks.prototype, 'onRefreshed');
  const { url: baseURL, tokenEndpoint } = await start('authority', { uses: 1 });
  const grant = { type: 'client_credentials', tokenEndpoint, clientId: 'app' };
  const client = new TokenClient({ baseURL, grant, onRefreshed });
  for (let i = 0; i < 2; i += 1) expect((await client.get('/api/x')).status).toBe(200);
  await client.close();
  expect(crossed.mock.calls.map(([_environment, _number, _session, tokens]) => tokens)).toEqual(expected);
  crossed.mockRestore();
});
