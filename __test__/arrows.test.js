'use strict';

// The rules of .dependency-cruiser.js over a made-up lib/ that breaks each of them once.

const { spawnSync } = require('node:child_process');
const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const config = require('../.dependency-cruiser.js');

const ROOT = path.join(__dirname, '..');

/** For each rule a file, and what that file must not require. */
const BROKEN = {
  'no-circle': ['lib/body/circle.js', 'lib/body/other.js'],
  'every-file-is-there': ['lib/client.js', 'lib/gone.js'],
  'no-package-but-axios': ['lib/client.js', 'node_modules/got/index.js'],
  'only-the-crossing-needs-native': ['lib/response/response.js', 'native/index.js'],
  'the-clock-needs-nothing': ['lib/clock.js', 'lib/errors.js'],
  'errors-need-nothing': ['lib/errors.js', 'lib/tokens.js'],
  'tokens-need-nothing': ['lib/tokens.js', 'lib/options/check.js'],
  'options-need-little': ['lib/options/check.js', 'lib/crossing/abort.js'],
  'folders-need-no-entry': ['lib/callbacks/callbacks.js', 'lib/client.js'],
  'answers-come-after-the-crossing': ['lib/crossing/abort.js', 'lib/response/response.js'],
  'callbacks-come-after-answers': ['lib/response/response.js', 'lib/callbacks/callbacks.js'],
  'only-the-client-needs-fetch': ['lib/undici.js', 'lib/fetch/body.js'],
  'fetch-needs-no-client': ['lib/fetch/body.js', 'lib/client.js'],
  'testing-stands-alone': ['lib/testing/api.js', 'lib/errors.js'],
  'nothing-needs-testing': ['lib/client.js', 'lib/testing/api.js'],
  'postgres-needs-little': ['lib/postgres.js', 'lib/tokens.js'],
  'nothing-needs-postgres': ['lib/client.js', 'lib/postgres.js'],
  'nothing-needs-inspect': ['lib/client.js', 'lib/inspect/table.js'],
  'nothing-needs-opentelemetry': ['lib/client.js', 'lib/prometheus.js'],
  'nothing-needs-axios': ['lib/undici/relay.js', 'lib/axios/log.js'],
  'nothing-needs-undici': ['lib/axios/log.js', 'lib/undici/relay.js'],
  'undici-authorises-requests': ['lib/undici.js', 'lib/client.js'],
  'axios-authorises-requests': ['lib/axios/log.js', 'lib/crossing/environment.js'],
  'only-a-session-makes-a-client': ['lib/axios/adapter.js', 'lib/client.js'],
  'the-adapter-stands-alone': ['lib/axios/adapter/answer.js', 'lib/axios/session/session.js'],
  'a-session-needs-no-requests': ['lib/axios/session/session.js', 'lib/axios/requests/origins.js'],
  'requests-need-no-package': ['lib/axios/requests/origins.js', 'lib/axios/packages/install.js'],
};
/** The way back of `no-circle`. */
const WAY_BACK = ['lib/body/other.js', 'lib/body/circle.js'];

let folder;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'arrows-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(arrows) {
  const texts = new Map();
  const append = (file, text) => texts.set(file, (texts.get(file) ?? '') + text);
  for (const [from, to] of arrows) {
    const [, packageName] = /^node_modules\/(\w+)/.exec(to) ?? [];
    const relative = path.posix.relative(path.posix.dirname(from), to);
    append(from, `require('${packageName ?? (relative.startsWith('.') ? relative : `./${relative}`)}');\n`);
    if (!to.endsWith('gone.js')) append(to, '');
  }
  for (const [file, text] of texts) {
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
}

function violations() {
  const args = ['--config', path.join(ROOT, '.dependency-cruiser.js'), '--output-type', 'json', 'lib'];
  const bin = path.join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const { stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout).summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
}

test('every rule finds what it forbids', () => {
  expect(Object.keys(BROKEN)).toEqual(config.forbidden.map(({ name }) => name));
  write([...Object.values(BROKEN), WAY_BACK]);
  const found = violations();
  for (const [rule, [from, to]] of Object.entries(BROKEN)) {
    if (rule === 'every-file-is-there')
      expect(found).toContainEqual(expect.stringContaining(`${rule}: ${from}`));
    else expect(found).toContain(`${rule}: ${from} → ${to}`);
  }
});
