'use strict';

// Programs that this command starts: one that ends by itself, and a server that says where it listens. Each ends by its process id.

const { execFile } = require('node:child_process');
const { once } = require('node:events');
const { setTimeout: pause } = require('node:timers/promises');
const { start } = require('../tools/leftovers.js');

const START_MS = 60_000;
const LOOK_MS = 50;
const GRACE_MS = 5_000;
/** Of what a program wrote, so much is shown where it fails. */
const SHOWN = 2_000;

/** Runs a program to its end; resolves with what it wrote. Rejects with an Error that says why it failed. */
function run(file, args, options) {
  return new Promise((resolve, reject) => {
    execFile(file, args, { maxBuffer: 1 << 26, ...options }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const said = `${stderr}${stdout}`.trim().slice(-SHOWN);
      reject(new Error(`${file} ${args[0] ?? ''}: ${said || error.message}`, { cause: error }));
    });
  });
}

/** Starts a server, and waits until `ready(written so far)` gives something. Resolves with `{ ready, stop }`. */
async function serve(file, args, options, ready) {
  const child = start(file, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  let written = '';
  let failure;
  child.on('error', (error) => (failure = error));
  child.stdin.on('error', () => {});
  for (const stream of [child.stdout, child.stderr]) {
    // After a while only the end is kept, because some servers write a line for each request.
    stream.setEncoding('utf8').on('data', (more) => (written = (written + more).slice(-SHOWN)));
  }
  const stop = () => end(child);
  const begun = Date.now();
  for (;;) {
    const found = await ready(written);
    if (found) return { ready: found, stop };
    const ended = failure !== undefined || child.exitCode !== null || child.signalCode !== null;
    if (ended || Date.now() - begun > START_MS) {
      await stop();
      throw new Error(`${file} does not serve: ${failure?.message ?? written.trim()}`);
    }
    await pause(LOOK_MS);
  }
}

/** Asks a process to end, and ends it if it does not. */
async function end(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.stdin.end();
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await ended;
  clearTimeout(late);
}

/** For `serve`: true once this URL answers with any status. */
const answers = (url) => () =>
  fetch(url).then(
    (answer) => answer.body?.cancel().then(() => true) ?? true,
    () => false,
  );

module.exports = { answers, run, serve };
