'use strict';

// docs/options.md is what index.d.ts says, and index.d.ts names the defaults that the code has.

const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const path = require('node:path');
const { declared } = require('../../.ci/declared-options.js');
const { readClientOptions } = require('../../lib/options/client.js');

const ROOT = path.join(__dirname, '../..');

test('docs/options.md is current: node .ci/options.js', () => {
  // In a process of its own, because prettier is an ES module, which jest does not load.
  const script = "require('./.ci/options.js').page().then((text) => process.stdout.write(text))";
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: ROOT, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(readFileSync(path.join(ROOT, 'docs/options.md'), 'utf8')).toBe(stdout);
});

/** The text of a default as a value: a number, true or false, or a name in quotes. */
function valueOf(text) {
  const word = text.split(/[:,] /)[0].replace(/^[`']+|[`']+$/g, '');
  if (/^[\d ]+$/.test(word)) return Number(word.replaceAll(' ', ''));
  if (/^\d+ MiB$/.test(word)) return parseInt(word, 10) * 1024 * 1024;
  return { true: true, false: false, none: undefined, off: 0 }[word] ?? word;
}

const settings = readClientOptions({ refresh: () => {} }).settings;
const shared = readClientOptions({
  refresh: () => {},
  store: { read: async () => null, compareAndSet: async () => true },
}).settings;
const redis = readClientOptions({ refresh: () => {}, store: { type: 'redis', url: 'redis://a' } }).settings;
const modes = require('../../lib/crossing/table.js').REDIRECT_MODES;

/** What the code has where a user gives nothing. */
const USED = {
  ClientOptions: {
    session: settings.session.key,
    lease: shared.session.store.lease,
    confirmEvery: shared.session.store.confirmEvery,
    drainOnExit: shared.session.store.drainOnExit,
    refreshTimeout: settings.session.refreshTimeout,
    maxRetries: settings.session.maxRetries,
    keepAlive: settings.session.keepAlive,
    timeout: settings.timeout,
    redirect: modes[settings.redirect],
    maxResponseSize: settings.maxResponseSize,
    replay: settings.replay,
    throwHttpErrors: settings.throwHttpErrors,
    allowInsecure: settings.allowInsecure,
    connections: settings.transport.connections,
    http2: settings.transport.http2,
  },
  RetryOptions: { limit: settings.retry.limit, maxDelay: settings.retry.maxDelay },
  RedisStore: {
    prefix: redis.session.store.redis.prefix,
    timeout: redis.session.store.redis.timeout,
    cluster: redis.session.store.redis.cluster,
  },
};

test.each(Object.keys(USED))('%s: the defaults that index.d.ts names are those of the code', (name) => {
  const named = Object.fromEntries(declared(name).map((option) => [option.name, option.default]));
  const said = Object.keys(USED[name]).map((option) => [option, valueOf(named[option])]);
  expect(Object.fromEntries(said)).toEqual(USED[name]);
});

test('lists and groups: the defaults that index.d.ts names are those of the code', () => {
  const retry = Object.fromEntries(declared('RetryOptions').map((option) => [option.name, option.default]));
  expect(retry.methods.split(':')[0].split(', ')).toEqual(settings.retry.methods);
  expect(retry.statusCodes.split(', ').map(Number)).toEqual(settings.retry.statusCodes);
  const types = readFileSync(path.join(ROOT, 'index.d.ts'), 'utf8').replaceAll(/\s*\n\s*\* /g, ' ');
  expect(types).toContain(
    `\`max\`: how many, ≥ 0, default ${settings.queue.max.toLocaleString('en').replace(',', ' ')}`,
  );
  expect(types).toContain(`\`name\` of the header, default \`${settings.header.name}\``);
});

test('every option that the code takes is declared', () => {
  const source = readFileSync(path.join(ROOT, 'lib/options/client.js'), 'utf8');
  const lists = /const CALLBACKS = \[(.*?)\];\nconst KNOWN = \[(.*?)\];/s.exec(source).slice(1).join();
  const known = [...lists.matchAll(/'(\w+)'/g)].map(([, name]) => name);
  const groups = ['ClientOptions', 'NewTokens', 'TokenStorage', 'Judge', 'Route'];
  const names = groups.flatMap((group) => declared(group).map(({ name }) => name));
  expect(names.toSorted()).toEqual(known.toSorted());
});
