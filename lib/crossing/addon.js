'use strict';

// The addon: the binary that was built in this checkout, or else the package for this platform, which is installed beside
// this one.

const { closeSync, existsSync, openSync, readSync } = require('node:fs');
const { createRequire } = require('node:module');

/** @typedef {typeof import('../../native')} Addon */

/** That of package.json and Cargo.toml, written here because reading a file would slow `require` down. */
const VERSION = '0.1.0';

/** @returns {Addon} */
function load() {
  const target = targetOf(process);
  // An empty variable is how a container file takes one back.
  const file = process.env.TOKEN_ROTATOR_ADDON || builtHere(target);
  return file === undefined ? installed(target) : loadFile(file, target);
}

/** Undefined in a published package. A bundle that is an ES module has no `__dirname`. */
function builtHere(target) {
  if (typeof __dirname === 'undefined') return undefined;
  const file = `${__dirname}/../../native/token-rotator.${target}.node`;
  return existsSync(file) ? file : undefined;
}

/** By a `require` of Node's, because that of a bundle or of an executable knows no files. */
function loadFile(file, target) {
  try {
    return ofThisVersion(createRequire(file)(file));
  } catch (error) {
    throw explained(error, target, file);
  }
}

/** All names are written out so that bundlers find them, and inside `try` so that a missing package is no error for them. */
function installed(target) {
  try {
    switch (target) {
      case 'linux-x64-gnu':
        return ofThisVersion(require('token-rotator-linux-x64-gnu'));
      case 'linux-arm64-gnu':
        return ofThisVersion(require('token-rotator-linux-arm64-gnu'));
      case 'linux-x64-musl':
        return ofThisVersion(require('token-rotator-linux-x64-musl'));
      case 'linux-arm64-musl':
        return ofThisVersion(require('token-rotator-linux-arm64-musl'));
      case 'darwin-x64':
        return ofThisVersion(require('token-rotator-darwin-x64'));
      case 'darwin-arm64':
        return ofThisVersion(require('token-rotator-darwin-arm64'));
      case 'win32-x64-msvc':
        return ofThisVersion(require('token-rotator-win32-x64-msvc'));
      case 'win32-arm64-msvc':
        return ofThisVersion(require('token-rotator-win32-arm64-msvc'));
      default:
        throw new Error('there is no such package');
    }
  } catch (error) {
    throw explained(error, target);
  }
}

/** Without this check a package manager, or a bundle, that keeps an old addon would mix two versions, and calls would fail much later. */
function ofThisVersion(addon) {
  const { VERSION: version = 'unknown' } = addon;
  if (version === VERSION) return addon;
  throw Object.assign(new Error(`the addon is of version ${version}`), { code: 'ANOTHER_VERSION', version });
}

function explained(error, target, file) {
  return require('./addon-error.js').addonError(error, target, { file, version: VERSION });
}

/** The name that platforms have in the names of packages. */
function targetOf({ platform, arch }) {
  if (platform === 'linux') return `linux-${arch}-${isMusl(arch) ? 'musl' : 'gnu'}`;
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`;
}

/** A system of glibc can have the loader of musl too: then the first bytes of Node's own binary say which of them it uses. */
function isMusl(arch) {
  const head = Buffer.alloc(4096);
  try {
    if (!existsSync(`/lib/ld-musl-${arch === 'x64' ? 'x86_64' : 'aarch64'}.so.1`)) return false;
    const binary = openSync(process.execPath, 'r');
    readSync(binary, head);
    closeSync(binary);
  } catch {
    // Under `--permission` Node may neither look for the loader nor read that file. The report takes some milliseconds.
    const { header } = /** @type {any} */ (process.report.getReport());
    return header.glibcVersionRuntime === undefined;
  }
  return head.includes('/ld-musl-');
}

module.exports = { VERSION, addon: load() };
