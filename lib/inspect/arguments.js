'use strict';

// The command line and its errors. No message repeats a key or a URL, because both may hold a secret.

const { readFileSync } = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { readStore } = require('../options/store.js');

const USAGE = `usage: token-rotator inspect <directory | redis url> [options]

Shows the sessions of a store: never a token, and a session's key only if it is given.

  --json               as JSON
  --session <key>      this session alone, by its key; may be repeated
  --key <key>          opens sealed records; may be repeated
  --prefix <text>      of a Redis store, default token-rotator:
  --cluster            the Redis is a cluster; --session must be given
  --sentinel <name>    the URLs, separated by commas, are sentinels of this master
  --ca <file>          authorities that a rediss: URL is checked with
  --allow-network-fs   as the store's own option

A key and the store may be given as env:NAME or file:PATH, so that no secret stands in the list of processes.`;

const OPTIONS = /** @type {const} */ ({
  json: { type: 'boolean' },
  session: { type: 'string', multiple: true },
  key: { type: 'string', multiple: true },
  prefix: { type: 'string' },
  cluster: { type: 'boolean' },
  sentinel: { type: 'string' },
  ca: { type: 'string' },
  'allow-network-fs': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
});

/** Undefined: help is wanted. @returns {any} */
function readArguments(argv) {
  const { values, positionals } = parse(argv);
  if (values.help || argv.length === 0) return undefined;
  const [command, store, ...rest] = positionals;
  if (command !== 'inspect' || store === undefined || rest.length > 0) throw new Error(USAGE);
  const given = readValue(store).toString().trim();
  const isRedis = /^rediss?:\/\//i.test(given);
  // As a directory, the error would show it with its password.
  if (!isRedis && /^[a-z][a-z\d+.-]*:\/\//i.test(given)) {
    throw new Error('the store must be a directory, or a redis: or rediss: URL');
  }
  return {
    json: values.json ?? false,
    sessions: values.session ?? [],
    // Rust reads them, so that they are what the option `key` takes.
    keys: (values.key ?? []).map((key) => Buffer.from(readValue(key))),
    ...(isRedis ? { redis: readRedis(given, values) } : readDirectory(given, values)),
  };
}

/** @param {string} text @param {any} values */
function readDirectory(text, values) {
  return { path: path.resolve(text), allowNetworkFs: values['allow-network-fs'] ?? false };
}

/** As the option `store` takes it. @param {string} url @param {any} values */
function readRedis(url, { prefix, cluster = false, sentinel, ca, session }) {
  if (cluster && session === undefined) {
    throw new Error('--cluster needs --session, because each node of a cluster has some of the sessions');
  }
  const tls = ca === undefined ? undefined : { ca: readFileSync(ca, 'utf8') };
  // A password may have a comma.
  const urls = cluster || sentinel !== undefined ? url.split(',') : [url];
  /** @type {any} */
  const { native } = readStore({ type: 'redis', url: urls, prefix, cluster, sentinel, tls });
  return native.redis;
}

function parse(argv) {
  try {
    return parseArgs({ args: argv, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // Its message names the option, and never a value.
    throw new Error(`${error.message}\n\n${USAGE}`, { cause: error });
  }
}

/** The value itself, or what the environment or a file has for it. */
function readValue(text) {
  const [, kind, name] = /^(env|file):(.+)$/s.exec(text) ?? [];
  if (kind === 'file') return readFileSync(name);
  if (kind === undefined) return text;
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not in the environment`);
  return value;
}

module.exports = { USAGE, readArguments };
