'use strict';

// `.ci/package/publish.js` with the npm of this machine and a registry on it: a release that has stopped midway is repeated.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');

const { mainManifest, platformManifest } = require('../../.ci/package/manifests.js');
const { emptyTarball, fileOf, startRegistry } = require('../../.ci/package/registry.js');
const { TARGETS } = require('../../.ci/package/targets.js');

jest.setTimeout(120_000);

const SCRIPT = path.join(__dirname, '../../.ci/package/publish.js');
const MANIFESTS = [...TARGETS.map(platformManifest), mainManifest()];
const NAMES = MANIFESTS.map(({ name }) => name);

let folder;
let registry;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(tmpdir(), 'publish-'));
  for (const manifest of MANIFESTS) {
    fs.writeFileSync(path.join(folder, fileOf(manifest)), emptyTarball(manifest));
  }
});
afterEach(async () => {
  await registry.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Runs the script. Returns its output, or throws its error. */
async function publish() {
  const { url } = registry;
  const settings = path.join(folder, 'npmrc');
  fs.writeFileSync(settings, `registry=${url}/\n//${url.replace('http://', '')}/:_authToken=none\n`);
  const env = { ...process.env, npm_config_userconfig: settings, npm_config_registry: `${url}/` };
  env.npm_config_cache = path.join(folder, 'cache');
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, folder], { env });
  return stdout;
}

const published = (manifest) => ({ manifest, tarball: emptyTarball(manifest) });

test('of a release that has stopped midway the rest is published, the package itself last', async () => {
  registry = await startRegistry(MANIFESTS.slice(0, 7).map(published));
  const told = [...(await publish()).matchAll(/^(\S+) \S+ is published already$/gm)].map(([, name]) => name);
  expect(told).toEqual(NAMES.slice(0, 7));
  expect([...registry.packages.keys()]).toEqual(NAMES);
  for (const manifest of MANIFESTS) {
    const { tarball } = registry.packages.get(manifest.name);
    expect(tarball.equals(emptyTarball(manifest))).toBe(true);
  }
  // Once more: nothing is left to do.
  expect((await publish()).match(/already/g)).toHaveLength(NAMES.length);
});

test('another content under the same version: the error names it, and nothing is published', async () => {
  const other = { ...MANIFESTS[3], description: 'another build' };
  registry = await startRegistry([published(other)]);
  const { name, version } = other;
  await expect(publish()).rejects.toThrow(`${name} ${version} is published with another content`);
  expect([...registry.packages.keys()]).toEqual([name]);
});

test('a tarball that is missing: nothing is published', async () => {
  registry = await startRegistry([]);
  fs.rmSync(path.join(folder, fileOf(mainManifest())));
  await expect(publish()).rejects.toThrow(fileOf(mainManifest()));
  expect([...registry.packages.keys()]).toEqual([]);
});
