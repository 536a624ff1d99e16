'use strict';

// Runs a program as a process of its own, under the Node that runs the tests, and judges it as a shell would: by exit
// code, signal and what it wrote. One that never ends is killed, which its result shows.

const { spawn } = require('node:child_process');
const path = require('node:path');

/** No measure of speed: only a process that hangs lives this long. */
const HANGS_AFTER_MS = 90_000;

const running = new Set();

/** `programs/NAME.js`, given `settings` as `programs/program.js` reads them. */
function program(name, settings, { nodeOptions = [] } = {}) {
  const script = path.join(__dirname, 'programs', `${name}.js`);
  return start([...nodeOptions, script, JSON.stringify(settings)]);
}

/** A child process whose `ended` resolves with `{ code, signal, stdout, stderr }`. */
function start(args, { env = process.env } = {}) {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  running.add(child);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => (output[name] += text));
  }
  const limit = setTimeout(() => child.kill('SIGKILL'), HANGS_AFTER_MS);
  child.ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      running.delete(child);
      resolve({ code, signal, ...output });
    });
  });
  return child;
}

/** The one line that a program reported. Shows the whole result if it ended in any other way than by itself. */
async function reported(child) {
  const { stdout, ...rest } = await child.ended;
  expect(rest).toEqual({ code: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

/** Call in `afterEach`: ends what a failed test left behind. */
async function endChildren() {
  const left = [...running];
  for (const child of left) child.kill('SIGKILL');
  await Promise.all(left.map((child) => child.ended));
}

module.exports = { endChildren, program, reported, start };
