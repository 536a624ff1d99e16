'use strict';

// Two workers and the main thread share a session. The first worker begins its rotation and is ended in it, at the step
// that `settings.stage` names; the others wait for that rotation. Reports what came of their requests, and of the next
// ones.

const { Worker } = require('node:worker_threads');
const { code, connect, report, settings } = require('./program.js');
const { waiter } = require('./orphans-waiter.js');

function worker(role) {
  const made = new Worker(require.resolve('./orphans-worker.js'), { workerData: { ...settings, role } });
  const said = new Map();
  const asked = new Map();
  made.on('message', ([name, value]) => {
    said.set(name, value);
    asked.get(name)?.(value);
  });
  const ended = new Promise((resolve) => made.once('exit', resolve));
  const hear = (name) =>
    said.has(name) ? said.get(name) : new Promise((resolve) => asked.set(name, resolve));
  return { hear, ended, end: () => made.terminate() };
}

async function main() {
  const first = worker('first');
  await first.hear('inside');
  const mine = waiter(connect);
  const second = worker('second');
  await Promise.all([mine.waiting(), second.hear('waiting')]);
  await first.end();
  const outcomes = [await mine.outcomes, await second.hear('outcomes')].flat();
  const next = await mine.next().catch(code);
  await second.ended;
  report({ outcomes: [...new Set(outcomes)].sort(), next });
}

main();
