'use strict';

// Whatever ends a run ends its processes, also those that are stopped at that moment, and removes its folders.

const { execFileSync, spawn } = require('node:child_process');
const { mkdtempSync, readdirSync, rmSync } = require('node:fs');
const { once } = require('node:events');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');

const ROOT = path.join(__dirname, '..', '..');
const LOOK_MS = 50;
const WORKERS = 3;
jest.setTimeout(120_000);

let folder;
let run;
let started = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'interrupted-'));
});
afterEach(() => {
  // Only after a failure: a run that is left would go on, and so would the loops of its test.
  run.kill('SIGKILL');
  for (const { pid } of alive(started)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  ['SIGINT', ['chaos/run.js', '--only=^redis/leeway/kill$', '--events=1000']],
  ['SIGTERM', ['chaos/trial/run.js', '--only=^file/4$']],
  ['SIGKILL', ['chaos/run.js', '--only=^file/leeway/kill$', '--events=1000']],
])('%s: %p', async (signal, [program, ...args]) => {
  run = spawn(process.execPath, [path.join(ROOT, program), ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: 'ignore',
  });
  const gone = once(run, 'exit');
  do {
    await pause(LOOK_MS);
    started = processes().filter(({ parent }) => parent === run.pid);
  } while (started.filter(isWorker).length < WORKERS);
  expect(readdirSync(folder)).not.toEqual([]);
  process.kill(started.find(isWorker).pid, 'SIGSTOP');

  run.kill(signal);
  expect(await gone).toEqual([null, signal]);
  while (alive(started).length > 0 || readdirSync(folder).length > 0) await pause(LOOK_MS);
});

test('a group that a program started ends with it', async () => {
  run = spawn(process.execPath, [path.join(__dirname, 'programs', 'group.js')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const gone = once(run, 'exit');
  const [line] = await once(run.stdout.setEncoding('utf8'), 'data');
  started = line
    .trim()
    .split(' ')
    .map((pid) => ({ pid: Number(pid) }));
  expect(alive(started)).toHaveLength(2);

  run.kill('SIGKILL');
  await gone;
  while (alive(started).length > 0) await pause(LOOK_MS);
});

const isWorker = ({ command }) => command.includes('worker.js');

function alive(known) {
  const ids = new Set(known.map(({ pid }) => pid));
  return processes().filter(({ pid }) => ids.has(pid));
}

/** Those that live: `{ pid, parent, command }`. */
function processes() {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  const found = lines.map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line)).filter(Boolean);
  const live = found.filter(([, , , state]) => !state.startsWith('Z'));
  return live.map(([, pid, parent, , command]) => ({ pid: Number(pid), parent: Number(parent), command }));
}
