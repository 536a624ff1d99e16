'use strict';

// The file store as a program meets it: what it makes, and what it refuses. Rust's tests have every case of it.

const {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { useHarness } = require('../support/harness.js');

const { serve, client, track } = useHarness();

let scratch;
beforeEach(() => (scratch = mkdtempSync(path.join(os.tmpdir(), 'store-'))));
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const mode = (file) => (statSync(file).mode & 0o7777).toString(8);
const inStore = (ending) => {
  const directory = path.join(scratch, 'tokens');
  return path.join(
    directory,
    readdirSync(directory).find((name) => name.endsWith(ending)),
  );
};

async function loggedIn() {
  const server = await serve();
  const store = { type: 'file', path: path.join(scratch, 'tokens') };
  const open = (more) => client(server, { store: { ...store, ...more } });
  await track(open().setTokens(server.login('ada')));
  const next = (more) => track(open(more).get('/api/orders'));
  return { server, store, next };
}

test('the directory and its files are for this user alone, and are made with the first call', async () => {
  const server = await serve();
  const api = client(server, { store: { type: 'file', path: path.join(scratch, 'tokens') } });
  expect(existsSync(path.join(scratch, 'tokens'))).toBe(false);
  await track(api.setTokens(server.login('ada')));
  expect(mode(path.join(scratch, 'tokens'))).toBe('700');
  expect(mode(inStore('.record'))).toBe('600');
});

test('a program that starts again is logged in', async () => {
  const { server, next } = await loggedIn();
  server.expire();
  expect((await next()).status).toBe(200);
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
});

test('one `share` over two directories: each keeps its own login', async () => {
  const server = await serve();
  const [first, second] = ['first', 'second'].map((name) =>
    client(server, { store: { type: 'file', path: path.join(scratch, name) }, share: 'two directories' }),
  );
  await track(first.setTokens(server.login('ada')));
  expect(await track(second.getTokens())).toBeNull();
});

test('a directory that others may read is refused, and the message says what to do', async () => {
  const directory = path.join(scratch, 'tokens');
  const server = await serve();
  const api = client(server, { store: { type: 'file', path: directory } });
  await track(api.setTokens(server.login('ada')));
  chmodSync(directory, 0o755);
  const other = client(server, { store: { type: 'file', path: directory }, share: 'another registry' });
  const refused = await track(other.get('/api/orders').catch((error) => error));
  expect(refused).toMatchObject({ name: 'StoreError', code: 'ERR_STORE_UNAVAILABLE', session: 'default' });
  expect(refused.message).toContain('chmod 700');
  chmodSync(directory, 0o700);
});

test.each([
  ['cut off', (text) => text.slice(0, -7)],
  ['changed in one place', (text) => text.replace(/"gen":1/, '"gen":2')],
  ['emptied', () => ''],
])('a record that is %s is refused and left as it is', async (_how, damage) => {
  const { server, store } = await loggedIn();
  const record = inStore('.record');
  writeFileSync(record, damage(readFileSync(record, 'utf8')));
  const damaged = readFileSync(record, 'utf8');
  const other = client(server, { store, share: `damaged ${_how}` });
  const refused = await track(other.get('/api/orders').catch((error) => error));
  expect(refused).toMatchObject({ name: 'StoreError', code: 'ERR_STORE_CORRUPT', retryable: false });
  expect(refused.message).toMatch(/\.bak|no set of tokens/);
  expect(readFileSync(record, 'utf8')).toBe(damaged);
  expect(server.ledger.counts.refreshes).toBe(0);
});
