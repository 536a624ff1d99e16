'use strict';

// Node's permission model, as far as this version has it. The program has no right to the network: Rust needs none.

const { existsSync } = require('node:fs');
const path = require('node:path');
const { outcomes, useConfinement } = require('./confined.js');

const { world, settings } = useConfinement();

const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

/** `readable`: files, and folders with a slash at the end, below the project's. */
function run(argument, { flags = ['--allow-addons'], readable = ['/'] } = {}) {
  const reads = readable.map((name) => `--allow-fs-read=${path.join(world.project, name)}`);
  const program = path.join(world.project, 'rotate.js');
  return outcomes(process.execPath, [PERMISSION, ...flags, ...reads, program, argument]);
}

test('with --allow-addons, and --allow-fs-read for the program’s own folder, a client works', async () => {
  expect(await run(settings())).toEqual([200]);
  expect(world.server.ledger.counts.refreshes).toBe(1);
});

test('without --allow-addons the error names it', async () => {
  const [{ code, message }] = await run(settings(), { flags: [] });
  expect(code).toBe('ERR_ADDON_FAILED');
  expect(message).toContain('--allow-addons');
});

// Node 20 finds no package at all where one folder on the way to it may not be read.
(PERMISSION === '--permission' ? test : test.skip)(
  'where the package of the platform may not be read, the error names --allow-fs-read',
  async () => {
    const readable = ['rotate.js', 'package.json', 'node_modules/token-rotator/'];
    const [{ code, message }] = await run(settings(), { readable });
    expect(code).toBe('ERR_ADDON_FAILED');
    expect(message).toContain('is there, but Node may not read its file');
    expect(message).toContain('--allow-fs-read');
  },
);

test('the store of type `file` is Rust’s, and needs no --allow-fs-write', async () => {
  const directory = path.join(world.folder, 'store');
  expect(await run(settings({ store: { type: 'file', path: directory } }))).toEqual([200]);
  expect(existsSync(directory)).toBe(true);
});
