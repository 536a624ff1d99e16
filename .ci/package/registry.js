'use strict';

// An npm registry on this machine, from which packages are installed and to which they are published.

const { createHash } = require('node:crypto');
const { once } = require('node:events');
const { readFileSync } = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { json } = require('node:stream/consumers');
const { gzipSync } = require('node:zlib');

const { mainManifest, platformManifest } = require('./manifests.js');
const { TARGETS } = require('./targets.js');

/**
 * Those of one folder: that of the platform `here`, and that of token-rotator. The packages of other platforms are there too, without
 * an addon: yarn 1 knows nothing of libc, and installs that of musl beside that of glibc.
 */
function packagesIn(folder, here) {
  const own = [mainManifest(), platformManifest(here)];
  const others = TARGETS.filter(({ name }) => name !== here.name).map(platformManifest);
  return [
    ...own.map((manifest) => ({ manifest, tarball: readFileSync(path.join(folder, fileOf(manifest))) })),
    ...others.map((manifest) => ({ manifest, tarball: emptyTarball(manifest) })),
  ];
}

/** `published`: the packages that it has, each in one version. `packages` are these and those that are published meanwhile, by name. */
async function startRegistry(published) {
  const packages = new Map(published.map((one) => [one.manifest.name, one]));
  const server = http.createServer(async (request, response) => {
    const name = decodeURIComponent(request.url.split('?')[0].slice(1));
    if (request.method === 'PUT')
      return response.writeHead(take(packages, name, await json(request))).end('{}');
    const [, tarballOf] = /^(.*)\/-\/[^/]*\.tgz$/.exec(name) ?? [];
    const found = packages.get(tarballOf ?? name);
    if (found === undefined) return response.writeHead(404).end('{}');
    if (tarballOf !== undefined) return response.end(found.tarball);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document(found, url)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url, packages, close };
}

/** The status for a package that somebody publishes: as npm does, no version is taken twice. */
function take(packages, name, { versions, _attachments: files }) {
  if (packages.has(name)) return 403;
  const [manifest] = Object.values(versions);
  const [{ data }] = Object.values(files);
  packages.set(name, { manifest, tarball: Buffer.from(data, 'base64') });
  return 201;
}

/** What a registry answers about a package: https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md */
function document({ manifest, tarball }, url) {
  const { name, version } = manifest;
  const digest = (algorithm, encoding) => createHash(algorithm).update(tarball).digest(encoding);
  const dist = {
    tarball: `${url}/${name}/-/${fileOf(manifest)}`,
    integrity: `sha512-${digest('sha512', 'base64')}`,
    shasum: digest('sha1', 'hex'),
  };
  const time = { [version]: '2020-01-01T00:00:00.000Z' };
  return { name, 'dist-tags': { latest: version }, time, versions: { [version]: { ...manifest, dist } } };
}

const fileOf = ({ name, version }) => `${name}-${version}.tgz`;

/** A tarball with a package.json alone. */
function emptyTarball(manifest) {
  const body = Buffer.from(JSON.stringify(manifest));
  const header = Buffer.alloc(512);
  const fields = [
    [0, 'package/package.json'],
    [100, '0000644\0'],
    [108, '0000000\0'],
    [116, '0000000\0'],
    [124, `${body.length.toString(8).padStart(11, '0')}\0`],
    [136, '00000000000\0'],
    [148, '        '],
    [156, '0'],
    [257, 'ustar\x0000'],
  ];
  for (const [at, text] of fields) header.write(text, at, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
  return gzipSync(Buffer.concat([header, body, padding, Buffer.alloc(1024)]));
}

module.exports = { emptyTarball, fileOf, packagesIn, startRegistry };
