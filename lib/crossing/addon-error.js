'use strict';

// Why the addon cannot be loaded, and what to do about it. Only a failure loads this file.

const { existsSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { TokenRotatorError } = require('../errors.js');

const TARGETS = [
  ...['linux-x64-gnu', 'linux-arm64-gnu', 'linux-x64-musl', 'linux-arm64-musl'],
  ...['darwin-x64', 'darwin-arm64', 'win32-x64-msvc', 'win32-arm64-msvc'],
];
const SUPPORTED =
  'Supported are Linux with glibc 2.28 or later or with musl, macOS and Windows, each on x64 and arm64.';
const FILE = 'addon-error.js';
const BUNDLED =
  "Leave token-rotator out of the bundle (its bundler's option `external`) and install it where the program runs, or let the bundler " +
  'copy files that end with .node: docs/bundlers.md of token-rotator has the lines for each bundler.';
const REINSTALL = 'Delete node_modules and install again, on the platform where the program runs.';
const DAMAGED = 'its file is damaged, missing, or of another platform.';

/** Codes and texts of Node, of Deno and of the systems' loaders, and what they mean. The first that fits counts. @type {[RegExp, string][]} */
const REASONS = [
  [
    /ERR_DLOPEN_DISABLED/,
    'Node loads no addons. Start it without --no-addons, and with --allow-addons where it has --permission.',
  ],
  [
    /ERR_ACCESS_DENIED/,
    'Node may not read its file. With --permission, give --allow-fs-read the folder of node_modules.',
  ],
  [/requires ffi access/i, 'Deno loads no addons without the right to. Start it with --allow-ffi.'],
  [
    /GLIBC_[\d.]+\W+not found/,
    'its glibc is too old. Use an image of Debian 10, Ubuntu 20.04 or RHEL 8 or later, or one with musl.',
  ],
  [/libgcc_s/, 'libgcc is not installed. Add it: apk add libgcc.'],
  [
    /failed to map segment|not permitted|permission denied/i,
    'the system runs nothing from its folder. Install on a file system without noexec, where the user may read all files.',
  ],
  [
    /invalid ELF header|file too short|wrong architecture|not a mach-o|not a valid Win32|exec format|Cannot find module/i,
    DAMAGED,
  ],
];

/**
 * @param {any} error  what `require` threw; with `version` for a package of that version
 * @param {string} target
 * @param {{ file?: string, version: string }} about  `file`: the binary, if it is not that of a package
 */
function addonError(error, target, { file, version }) {
  const [code, why] = reason(error, target, file, version);
  const text = `token-rotator cannot be loaded: ${why} This is ${platform(target)}. ${SUPPORTED}`;
  return new TokenRotatorError(text, { code, cause: error });
}

function reason(error, target, file, version) {
  const name = `token-rotator-${target}`;
  if (file !== undefined) return reasonOfFile(error, file, `that of ${name} ${version}`, version);
  if (!TARGETS.includes(target)) return ['ERR_ADDON_UNSUPPORTED', 'there is no addon for this platform.'];
  if (isBundled() && !isOfAddon(error)) {
    return ['ERR_ADDON_MISSING', `this is a bundle without the addon ${name}. ${BUNDLED}`];
  }
  if (error.code === 'ANOTHER_VERSION') {
    const both = `the package ${name} is of version ${error.version}, and token-rotator of ${version}.`;
    return ['ERR_ADDON_VERSION', `${both} ${REINSTALL}`];
  }
  if (/MODULE_NOT_FOUND/.test(error.code) && namesPackage(error.message, name)) {
    return ['ERR_ADDON_MISSING', `the package ${name} is not installed. ${howToInstall()}`];
  }
  return ['ERR_ADDON_FAILED', unloadable(error, name, REINSTALL)];
}

/** `right`: the file that would do. */
function reasonOfFile(error, file, right, version) {
  const isNamed = process.env.TOKEN_ROTATOR_ADDON === file;
  const remedy = isNamed
    ? `TOKEN_ROTATOR_ADDON names this file; it must be ${right}.`
    : 'Build it: npm run build.';
  if (error.code === 'ANOTHER_VERSION') {
    return [
      'ERR_ADDON_VERSION',
      `${file} is of version ${error.version}, and token-rotator of ${version}. ${remedy}`,
    ];
  }
  if (error.code === 'ERR_INVALID_ARG_VALUE') {
    return ['ERR_ADDON_FAILED', `TOKEN_ROTATOR_ADDON is ${file}, and must be a full path.`];
  }
  if (error.code === 'MODULE_NOT_FOUND') return ['ERR_ADDON_FAILED', `${file} is not there. ${remedy}`];
  return ['ERR_ADDON_FAILED', unloadable(error, file, remedy)];
}

/** A bundler writes this code into another file. It may keep the name of this one, or leave no name at all. */
function isBundled() {
  return typeof __filename === 'undefined' || path.basename(__filename) !== FILE || !existsSync(__filename);
}

/** An addon that is there failed. Else the error is one of the bundle, such as `require is not defined`, or the bundler put nothing there. */
function isOfAddon({ code, version = 'unknown' }) {
  return /^ERR_DLOPEN/.test(code) || version !== 'unknown';
}

/** Not a file in the package: then the package is there, and its binary is not. */
function namesPackage(message, name) {
  const [line] = message.split('\n');
  return new RegExp(`(?<![\\w/\\\\-])${name}(?![\\w/\\\\-])`).test(line);
}

function unloadable(error, place, remedy) {
  const words = `${error.code} ${error.message}`;
  const [, meaning = 'the system cannot load it; `cause` says why.'] =
    REASONS.find(([pattern]) => pattern.test(words)) ?? [];
  return `${place} is there, but ${meaning === DAMAGED ? `${DAMAGED} ${remedy}` : meaning}`;
}

function howToInstall() {
  const others = TARGETS.map((target) => `token-rotator-${target}`).filter(isInstalled);
  if (others.length > 0)
    return `Installed is ${others.join(', ')}: node_modules came from another platform. ${REINSTALL}`;
  return (
    'Install optional dependencies: npm install --include=optional. If that does not help, delete node_modules and the lock file ' +
    'and install again, because npm may leave other platforms out of a lock file (npm/cli#4828).'
  );
}

function isInstalled(name) {
  try {
    return createRequire(__filename).resolve(name) !== '';
  } catch {
    return false;
  }
}

/** For example "linux x64 with glibc 2.36, Node 24.1.0". */
function platform(target) {
  const { platform: system, arch, versions } = process;
  return `${system} ${arch}${libc(target)}, Node ${versions.node}`;
}

function libc(target) {
  if (target.endsWith('-musl')) return ' with musl';
  if (!target.endsWith('-gnu')) return '';
  try {
    const { header } = /** @type {any} */ (process.report.getReport());
    return ` with glibc ${header.glibcVersionRuntime ?? 'of an unknown version'}`;
  } catch {
    // Deno gives no report without --allow-sys. Thrown, that error would hide the reason that matters.
    return ' with glibc';
  }
}

module.exports = { addonError };
