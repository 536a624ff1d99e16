'use strict';

// The engine has one thread, and each look-up of a name has one. A moment in which the system gives none must pass.

const { spawnSync } = require('node:child_process');
const http = require('node:http');
const { endChildren, program, reported } = require('./child.js');

afterEach(endChildren);

/** The most threads that this user may have; undefined where the system has no such limit, or no tool to set it. */
const limit = spawnSync('prlimit', ['--nproc', '--noheadings', '--output=HARD', '--raw'], {
  encoding: 'utf8',
});
const threads = limit.status === 0 ? limit.stdout.trim() : undefined;

const NO_THREAD = ['ERR_NETWORK', true, 'EAGAIN'];

(threads ? test : test.skip).each([
  ['the engine', { host: '127.0.0.1', warm: false }, undefined],
  ['the look-up of a name', { host: 'localhost', warm: true }, 200],
])('without a thread for %s a request fails, and the next one is served', async (_name, settings, before) => {
  const server = http.createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  const child = program('starved', { port, threads, ...settings });
  expect(await reported(child)).toEqual({ before, starved: [NO_THREAD, NO_THREAD], fed: 200 });
  await new Promise((resolve) => server.close(resolve));
});
