'use strict';

// Each mutant meets the tests that come by its place, the quick ones first.

const { execFileSync } = require('node:child_process');
const { existsSync, readFileSync, rmSync } = require('node:fs');
const path = require('node:path');

const { endGroup, start } = require('../../tools/leftovers.js');
const { COPY, FOLDER } = require('./copy.js');

const ENGINE = path.join(COPY, 'src', 'engine');

/** The tests that can come by the protocol or a store. */
const MODULES = /^(fleet|store)::/;

/** These tests take rules out of the protocol, and look for a seed that notices. With a mutant they would look for long. */
const LEFT_OUT = /::simulation::mutations::/;

/** Seconds of tests that run as one, each time for as long as nothing has failed. */
const STAGES = [1, 10, Infinity];

const CAMPAIGN = { SIMULATE: '150' };

/** Resolves with a map from the number of a mutant to `{ name, seconds }` of tests, the quick ones first. `jobs`: at the same time. */
async function reachingTests(binary, jobs) {
  const listed = execFileSync(binary, ['--list'], { cwd: ENGINE, maxBuffer: 1 << 26 }).toString();
  const names = [...listed.matchAll(/^(.+): test$/gm)].map(([, name]) => name);
  const left = names.filter((name) => MODULES.test(name) && !LEFT_OUT.test(name));
  console.log(`${left.length} tests, each once without a mutant`);
  const tests = new Map();
  const work = async (_, worker) => {
    const file = path.join(FOLDER, `reached-${worker}`);
    for (let name = left.shift(); name; name = left.shift()) {
      rmSync(file, { force: true });
      const begun = Date.now();
      const failed = await run(binary, [name], 600, { REACHED: file });
      if (failed) console.log(`${name} fails without a mutant: ${failed.by}`);
      const reached = existsSync(file) ? new Set(readFileSync(file, 'utf8').split('\n').filter(Boolean)) : [];
      const test = { name, seconds: (Date.now() - begun) / 1000 };
      if (!failed) for (const id of reached) tests.set(Number(id), [...(tests.get(Number(id)) ?? []), test]);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  for (const some of tests.values()) some.sort((one, other) => one.seconds - other.seconds);
  return tests;
}

async function verdict(binary, id, tests) {
  if (tests.length === 0) return { verdict: 'missed', by: 'no test comes by' };
  let rest = tests;
  for (const most of STAGES) {
    let seconds = 0;
    const stage = rest.filter((test) => (seconds += test.seconds) <= most);
    rest = rest.slice(stage.length);
    if (stage.length === 0) continue;
    const names = stage.map(({ name }) => name);
    const limit = 30 + 5 * stage.reduce((sum, test) => sum + test.seconds, 0);
    const failed = await failure(binary, names, limit, id);
    if (failed) return failed;
  }
  return { verdict: 'missed', by: `${tests.length} tests come by` };
}

/** Where these tests reach the limit without the mutant as well, the machine is busy, and they get twice the time. */
async function failure(binary, names, limit, id) {
  const failed = await run(binary, names, limit, { MUTANT: String(id) });
  const isBusy = failed?.verdict === 'timeout' && (await run(binary, names, limit, {})) !== null;
  return isBusy ? failure(binary, names, 2 * limit, id) : failed;
}

/**
 * Runs these tests until one fails; null: none did. They are a group of their own, because tests start servers. The group ends with this
 * program too: a mutant that never ends would else run on after an interrupt.
 */
function run(binary, names, limit, env) {
  const command = [
    '-c',
    'ulimit -v 8000000; exec nice "$@"',
    'sh',
    binary,
    '--exact',
    '--test-threads=4',
    ...names,
  ];
  const child = start('sh', command, {
    cwd: ENGINE,
    env: { ...process.env, ...CAMPAIGN, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve({ verdict: 'timeout', by: `after ${Math.round(limit)} s` });
      endGroup(child);
    }, limit * 1000);
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
      const failed = /^test (\S+) .*\.\.\. FAILED/m.exec(out);
      if (!failed) return;
      resolve({ verdict: 'caught', by: failed[1] });
      endGroup(child);
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      endGroup(child);
      resolve(code === 0 ? null : { verdict: 'caught', by: signal ?? `exit ${code}` });
    });
  });
}

module.exports = { reachingTests, verdict };
