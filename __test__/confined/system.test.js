'use strict';

// Systems that lack what most have: a file system that cannot be written, and one with nothing in it but Node, the package, and the
// libraries that these two ask for.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const https = require('node:https');
const { once } = require('node:events');
const path = require('node:path');
const certificates = require('../support/tls/index.js');
const { outcomes, useConfinement } = require('./confined.js');

const { world, settings } = useConfinement();

const namespaces = ['--mount', '--map-root-user'];
const possible = spawnSync('unshare', [...namespaces, 'true']).status === 0;
if (!possible)
  console.log('Not run: this system lets nobody make namespaces (`unshare --mount --map-root-user`).');
const testHere = possible ? test : test.skip;

/** `script` is of a shell, for which `"$@"` is the program. */
const inNamespace = (script, ...command) =>
  outcomes('unshare', [...namespaces, 'sh', '-ec', script, 'sh', ...command]);

describe('a file system that cannot be written', () => {
  const readOnly = (...command) =>
    inNamespace(
      'mount --rbind "$0" "$0"; mount -o remount,bind,ro "$0"; exec "$@"'.replaceAll('$0', world.folder),
      ...command,
    );
  const rotate = (argument) => readOnly(process.execPath, path.join(world.project, 'rotate.js'), argument);

  testHere('is enough', async () => {
    expect(await rotate(settings())).toEqual([200]);
    expect(world.server.ledger.counts.refreshes).toBe(1);
  });

  testHere('is none for a store of type `file`, and the error says why', async () => {
    const directory = path.join(world.folder, 'store');
    const [{ code, message }] = await rotate(settings({ store: { type: 'file', path: directory } }));
    expect(code).toBe('ERR_STORE_UNAVAILABLE');
    expect(message).toContain('EROFS, the file system is read-only');
  });
});

describe('a system with no file but Node, the package, and their libraries', () => {
  let secure;
  beforeAll(async () => {
    secure = https.createServer({ cert: certificates.server, key: certificates.key }, (_, response) =>
      response.end(),
    );
    await once(secure.listen(0, '127.0.0.1'), 'listening');
    if (possible) furnish(world.folder);
  });
  afterAll(() => new Promise((resolve) => secure.close(resolve)));

  const rotate = (argument) =>
    inNamespace(
      `exec env -i "$(command -v chroot)" "${world.folder}" "$@"`,
      '/node',
      '/project/rotate.js',
      argument,
    );
  const url = (host) => `https://${host}:${secure.address().port}/`;

  testHere('is enough', async () => {
    expect(await rotate(settings())).toEqual([200]);
    expect(world.server.ledger.counts.refreshes).toBe(1);
  });

  testHere('has no authorities: those that the package brings count, and `tls.ca`', async () => {
    const mozillas = await rotate(settings({ secure: [url('127.0.0.1')] }));
    expect(mozillas).toEqual([200, expect.objectContaining({ cause: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })]);
    const own = settings({ tls: { ca: certificates.ca }, secure: [url('127.0.0.1')] });
    expect(await rotate(own)).toEqual([200, 200]);
  });
});

/** What `ldd` names, and Node itself, at the same paths below `folder`. */
function furnish(folder) {
  const modules = path.join(folder, 'project/node_modules');
  const [platform] = fs.readdirSync(modules).filter((name) => name.startsWith('token-rotator-'));
  const [binary] = fs.readdirSync(path.join(modules, platform)).filter((name) => name.endsWith('.node'));
  const output = execFileSync('ldd', [process.execPath, path.join(modules, platform, binary)], {
    encoding: 'utf8',
  });
  for (const [library] of output.matchAll(/(?<=[\s])\/\S+\.so\S*(?= \()/g)) {
    const place = path.join(folder, library);
    fs.mkdirSync(path.dirname(place), { recursive: true });
    fs.copyFileSync(library, place);
  }
  fs.copyFileSync(process.execPath, path.join(folder, 'node'));
}
