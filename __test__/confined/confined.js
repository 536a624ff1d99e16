'use strict';

// What the tests of this folder have in common: token-rotator installed in a folder of its own, a server with a ledger, and a process
// that may do less than others.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { layOut } = require('../../.ci/runtimes/project.js');
const { startAuthServer } = require('../../lib/testing.js');

function useConfinement() {
  const world = {};

  beforeAll(() => {
    world.folder = fs.mkdtempSync(path.join(fs.realpathSync(tmpdir()), 'confined-'));
    world.project = path.join(world.folder, 'project');
    layOut(world.project, [path.join(__dirname, 'programs')]);
  });
  afterAll(() => fs.rmSync(world.folder, { recursive: true, force: true }));

  beforeEach(async () => (world.server = await startAuthServer()));
  afterEach(async () => {
    await world.server.close();
    expect(world.server.ledger.counts.reuses).toBe(0);
  });

  return {
    world,
    /** The argument of `programs/rotate.js`. */
    settings({ secure, ...options } = {}) {
      const { url, tokenEndpoint } = world.server;
      const tokens = world.server.login('ada');
      world.server.expire();
      return JSON.stringify({ url, tokenEndpoint, secure, options: { tokens, ...options } });
    },
  };
}

/** The outcomes that the program printed; shows all of it if that is not its only output. */
async function outcomes(command, args, options) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => (output[name] += text));
  }
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  // Node warns of --allow-addons, and that it experiments with --permission.
  const complaints = output.stderr
    .split('\n')
    .filter((line) => line !== '' && !/Warning|--trace-warnings/.test(line));
  expect({ code, complaints }).toEqual({ code: 0, complaints: [] });
  return JSON.parse(output.stdout);
}

module.exports = { outcomes, useConfinement };
