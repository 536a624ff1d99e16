'use strict';

// examples/jest-project as a program of somebody else: in a folder of its own, with token-rotator in node_modules. Its tests pass with
// jest, vitest and node:test.

const { spawnSync } = require('node:child_process');
const { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.join(__dirname, '../..');
const binary = (name, file) => path.join(path.dirname(require.resolve(`${name}/package.json`)), file);

let project;
beforeAll(() => {
  project = path.join(mkdtempSync(path.join(os.tmpdir(), 'jest-project-')), 'orders');
  cpSync(path.join(ROOT, 'examples/jest-project'), project, { recursive: true });
  const modules = path.join(project, 'node_modules');
  // A copy, because a link leads out of node_modules, and test runners treat such a file as the program's own.
  const own = path.join(modules, 'token-rotator');
  mkdirSync(own, { recursive: true });
  for (const name of ['package.json', 'index.js', 'lib'])
    cpSync(path.join(ROOT, name), path.join(own, name), { recursive: true });
  for (const [from, to] of [
    ['native', path.join(own, 'native')],
    ['node_modules/vitest', path.join(modules, 'vitest')],
  ])
    symlinkSync(path.join(ROOT, from), to);
});
afterAll(() => rmSync(path.dirname(project), { recursive: true, force: true }));

jest.setTimeout(120_000);

test.each([
  ['jest', [binary('jest', 'bin/jest.js'), '--ci', '--testTimeout=60000'], /Tests: +5 passed, 5 total/],
  [
    'vitest',
    [binary('vitest', 'vitest.mjs'), 'run', '--testTimeout=60000', '--hookTimeout=60000'],
    /Tests +5 passed \(5\)/,
  ],
  ['node:test', ['--test', '--test-reporter=tap', 'test/node/shop.test.js'], /# pass 5\n# fail 0/],
])('its tests pass with %s', (_runner, args, passed) => {
  // Runners tell their children that they are tested.
  const env = { ...process.env, NO_COLOR: '1' };
  for (const name of ['JEST_WORKER_ID', 'NODE_OPTIONS', 'NODE_TEST_CONTEXT']) delete env[name];
  const options = { cwd: project, env, encoding: 'utf8', timeout: 100_000 };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  expect(stdout + stderr).toMatch(passed);
  expect(status).toBe(0);
});
