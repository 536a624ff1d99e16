'use strict';

// `npx token-rotator inspect`, as a shell runs it: what it shows of a store, and what it must never show.

const { execFile } = require('node:child_process');
const { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
const { createHash, randomBytes } = require('node:crypto');
const os = require('node:os');
const path = require('node:path');
const { startRedis } = require('../stores/support/redis.js');
const { useHarness } = require('../support/harness.js');
const { bin } = require('../../package.json');

const { serve, client, collect } = useHarness();
const COMMAND = path.join(__dirname, '..', '..', bin['token-rotator']);

let directory;
beforeEach(() => (directory = path.join(mkdtempSync(path.join(os.tmpdir(), 'inspect-')), 'tokens')));
afterEach(() => rmSync(path.dirname(directory), { recursive: true, force: true }));

/** `{ code, stdout, stderr }`. Both texts must hold no token, which the harness checks. */
function run(args, env = {}) {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [COMMAND, ...args],
      { env: { ...process.env, ...env } },
      (error, stdout, stderr) => {
        collect(stdout);
        collect(stderr);
        resolve({ code: error?.code ?? 0, stdout, stderr });
      },
    );
  });
}

async function inspect(...args) {
  const { code, stdout, stderr } = await run(['inspect', directory, '--json', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

const nameOf = (session) => createHash('sha256').update(session).digest('hex');

async function loggedIn(store = {}, session = 'user-17') {
  const server = await serve();
  const api = client(server, {
    session,
    store: store.type ? store : { type: 'file', path: directory, ...store },
  });
  await api.setTokens(server.login('ada'));
  return { server, api };
}

test('a session is shown by its name in the store, and by its key only if that is given', async () => {
  await loggedIn();
  const { store, sessions } = await inspect();
  expect(store).toBe(directory);
  expect(sessions).toEqual([
    expect.objectContaining({
      name: nameOf('user-17'),
      session: null,
      state: 'active',
      generation: 1,
      candidates: 0,
    }),
  ]);
  expect(JSON.stringify(sessions)).not.toContain('user-17');
  const { sessions: named } = await inspect('--session', 'user-17', '--session', 'user-18');
  expect(named.map(({ session, state }) => [session, state])).toEqual([
    ['user-17', 'active'],
    ['user-18', 'missing'],
  ]);
});

test('a lease and its intent are shown while a refresh is under way, and a rotation after it', async () => {
  const { server, api } = await loggedIn();
  server.fault({ at: 'before-rotate', kind: 'hang' });
  const rotation = api.rotate();
  await server.waitFor((ledger) => ledger.hanging === 1);
  const [during] = (await inspect()).sessions;
  expect(during).toMatchObject({ state: 'rotating', lease: { ms: 10_000 }, intent: { grace: 0 } });
  expect(during.lease.owner).toContain(String(process.pid));
  server.release();
  await rotation;
  expect((await inspect()).sessions).toMatchObject([
    { state: 'active', generation: 2, lease: null, intent: null },
  ]);
});

test('a lost session and a logout are shown', async () => {
  const { server, api } = await loggedIn();
  server.revoke();
  await expect(api.rotate()).rejects.toMatchObject({ code: 'ERR_SESSION_LOST' });
  expect((await inspect()).sessions).toMatchObject([{ state: 'lost', lost: { reason: 'rejected' } }]);
  await api.setTokens(null);
  expect((await inspect()).sessions).toMatchObject([{ state: 'logged out' }]);
});

test('a sealed record is shown with its key, and by the key’s name without', async () => {
  const key = randomBytes(32).toString('base64');
  await loggedIn({ key });
  const [without] = (await inspect()).sessions;
  expect(without).toMatchObject({ state: 'unreadable', sealedWith: expect.stringMatching(/^[0-9a-f]{16}$/) });
  for (const argument of [key, `env:KEY`, `file:${directory}.key`]) {
    writeFileSync(`${directory}.key`, `${key}\n`);
    const { stdout, stderr } = await run(['inspect', directory, '--json', '--key', argument], { KEY: key });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).sessions).toMatchObject([{ state: 'active', sealedWith: without.sealedWith }]);
    expect(stdout).not.toContain(key);
  }
});

test('one damaged record, or one in a wrong place, does not hide the others', async () => {
  const key = randomBytes(32).toString('base64');
  await loggedIn({ key }, 'a');
  await loggedIn({ key }, 'b');
  copyFileSync(path.join(directory, `${nameOf('a')}.record`), path.join(directory, `${nameOf('b')}.record`));
  const { sessions } = await inspect('--key', key);
  expect(sessions.map(({ state, name }) => [name, state]).sort()).toEqual(
    [
      [nameOf('a'), 'active'],
      [nameOf('b'), 'unreadable'],
    ].sort(),
  );
});

test('a Redis is shown as a directory is, and its password is not', async () => {
  const redis = await startRedis();
  try {
    await loggedIn({ type: 'redis', url: redis.url });
    const { host } = new URL(redis.url);
    const { code, stdout, stderr } = await run(['inspect', `redis://:@${host}`, '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      store: `redis://${host}`,
      sessions: [{ name: nameOf('user-17'), session: null, state: 'active', generation: 1 }],
    });
    const refused = await run(['inspect', `redis://ada:hunter2@${host}`]);
    expect({ ...refused, stderr: refused.stderr.includes('hunter2') }).toEqual({
      code: 1,
      stdout: '',
      stderr: false,
    });
  } finally {
    await redis.stop();
  }
});

test('people get a table', async () => {
  await loggedIn();
  const { stdout } = await run(['inspect', directory]);
  expect(stdout).toContain('1 session');
  const [head, row] = stdout.trim().split('\n').slice(-2);
  expect(head).toMatch(/^session +state +generation +written +expires +lease +intent +candidates +lost$/);
  expect(row).toMatch(new RegExp(`^${nameOf('user-17').slice(0, 12)}… +active +1 `));
});

test('a terminal obeys nothing that stands in a store', () => {
  const { table } = require('../../lib/inspect/table.js');
  const told = { name: nameOf('a'), state: 'rotating', writtenAt: null, expiresAt: null };
  const lease = { owner: 'web\u001b[2J\u009b31m\u202e', ms: 1000 };
  const text = table({ store: '/a', at: new Date().toISOString(), sessions: [{ ...told, lease }] });
  expect(text).not.toMatch(/[^\P{C}\n]/u);
});

test('a password may have a comma', async () => {
  const { stderr } = await run(['inspect', 'redis://:hunter,2@127.0.0.1:1/0']);
  expect(stderr).toBe('token-rotator: Redis at 127.0.0.1:1 refused the connection\n');
});

test('a time that no date can have hides no record', () => {
  const { report } = require('../../lib/inspect/report.js');
  const told = [8.64e15, 8.64e15 + 1].map((ms) => ({ name: nameOf('a'), writtenAt: ms, expiresAt: ms }));
  const { sessions } = report({ path: '/a' }, told, 0);
  const last = '+275760-09-13T00:00:00.000Z';
  expect(sessions.flatMap(({ writtenAt, expiresAt }) => [writtenAt, expiresAt])).toEqual([
    last,
    last,
    null,
    null,
  ]);
});

test('nothing is made, and nothing is locked', async () => {
  const { code, stderr } = await run(['inspect', directory]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^token-rotator: /);
  expect(existsSync(directory)).toBe(false);
  await loggedIn();
  const before = readdirSync(directory);
  await inspect();
  expect(readdirSync(directory)).toEqual(before);
});

test.each([
  ['no store', []],
  ['two stores', ['/a', '/b']],
  ['an option that there is not', ['/a', '--tokens']],
])('it explains itself: %s', async (_, args) => {
  const { code, stderr } = await run(['inspect', ...args]);
  expect({ code, usage: stderr.includes('usage: token-rotator inspect') }).toEqual({ code: 1, usage: true });
});

test('help is no error', async () => {
  const { code, stdout } = await run(['--help']);
  expect({ code, usage: stdout.startsWith('usage: token-rotator inspect') }).toEqual({
    code: 0,
    usage: true,
  });
});

test('no message repeats a key or the password of a URL', async () => {
  const told = await Promise.all([
    run(['inspect', 'redis://ada:hunter2@127.0.0.1:1/0', '--json']),
    run(['inspect', directory, '--key', 'hunter2']),
    run(['inspect', 'env:STORE'], { STORE: 'redis://ada:hunter2@127.0.0.1:1/0?password=hunter2' }),
    run(['inspect', 'valkey://ada:hunter2@127.0.0.1:1/0']),
  ]);
  expect(told.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
  expect(JSON.stringify(told)).not.toContain('hunter2');
});
