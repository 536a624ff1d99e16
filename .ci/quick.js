'use strict';

// The tests for the minutes between two edits: `npm run test:quick`, after `npm run build:debug`. It runs the engine's
// tests but SLOW_RUST and all of jest but SLOW at the same time, because both often wait. Its last line says how long that
// took; above a minute it names the slowest files.

const { execFile } = require('node:child_process');
const { readFileSync, rmSync } = require('node:fs');
const { availableParallelism } = require('node:os');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const REPORT = path.join(ROOT, 'target', 'quick.json');

/**
 * Below `__test__`: a folder, or how a file's path begins. All else runs, so that a new file is in. These are left out because
 * they repeat much (storms, matrices, threads, large bodies) of a behaviour that another file shows once.
 */
const SLOW = [
  ...['bodies/', 'confined/', 'examples/', 'lifecycle/', 'testing/'],
  ...[
    'axios/adapter/redirects',
    'axios/hooks',
    'axios/installed',
    'axios/mended-',
    'axios/storm',
    'axios/token-rotator',
  ],
  ...[
    'callbacks/hooks',
    'chaos/interrupted',
    'chaos/planted',
    'chaos/run',
    'chaos/trial',
    'conformance/',
    'undici/rotation',
  ],
  ...['docs/', 'evidence/', 'fetch/sdk', 'packages/', 'transport/mocks'],
  ...['grants/challenges', 'grants/client-auth', 'grants/differential', 'grants/exchange'],
  ...['grants/fleet', 'grants/heap', 'grants/recipes', 'requests/aborts', 'requests/hostile-'],
  ...['requests/injection', 'requests/lost-posts', 'requests/redirect-', 'requests/refusals'],
  ...['stores/failures', 'stores/postgres', 'stores/recipes', 'stores/shared', 'stores/table'],
  ...[
    'half-answers',
    'lost-and-found',
    'queue',
    'refresh-error',
    'requests/timeouts',
    'retry-bounds',
    'rotate\\.',
    'rotation',
    'workers',
  ],
];

/** Of the engine's tests: they run the same code many thousand times. */
const SLOW_RUST = [
  'file::tests::processes',
  'fuzzing',
  'interleavings',
  'session::tests::model',
  'simulation',
];

const LIMIT_SECONDS = 60;

async function main() {
  const begun = Date.now();
  const passed = await Promise.all([engine(), jest()]);
  const seconds = Math.round((Date.now() - begun) / 1000);

  if (seconds > LIMIT_SECONDS) console.log(`The slowest files:\n${slowest().join('\n')}`);
  console.log(`${passed.every(Boolean) ? 'passed' : 'FAILED'} in ${seconds} s`);
  process.exitCode = passed.every(Boolean) ? 0 : 1;
}

function engine() {
  const skipped = SLOW_RUST.flatMap((name) => ['--skip', name]);
  return run('cargo', ['test', '--quiet', '--package', 'token-rotator-engine', '--lib', '--', ...skipped]);
}

function jest() {
  rmSync(REPORT, { force: true });
  // More workers than cores, because many tests wait for a pause of the client.
  const workers = String(Math.ceil(1.5 * availableParallelism()));
  const slow = SLOW.flatMap((name) => ['--testPathIgnorePatterns', `/__test__/${name}`]);
  const flags = ['--silent', '--reporters=summary', '--maxWorkers', workers];
  flags.push('--json', '--outputFile', REPORT);
  return run(process.execPath, [require.resolve('jest/bin/jest'), ...flags, ...slow]);
}

/** Shows its output once it has ended, because the two run at the same time. */
function run(command, args) {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: ROOT, maxBuffer: Infinity }, (error, stdout, stderr) => {
      console.log(stdout + stderr);
      resolve(error === null);
    });
  });
}

function slowest() {
  const { testResults } = JSON.parse(readFileSync(REPORT, 'utf8'));
  const files = testResults.map(({ name, startTime, endTime }) => [endTime - startTime, name]);
  const longest = files.sort(([a], [b]) => b - a).slice(0, 5);
  return longest.map(([ms, name]) => `${(ms / 1000).toFixed(1).padStart(6)} s  ${path.relative(ROOT, name)}`);
}

main();
