'use strict';

// The option `store`: where tokens live. A store that processes share is a directory, Redis, or a
// register, which is an object with functions of the user's.

const os = require('node:os');
const path = require('node:path');
const check = require('./check.js');
const { invalidOption, rejectOption } = require('../errors.js');
const { readCertificates } = require('./tls.js');

/** The fields of each type of store. */
const FIELDS = {
  memory: ['type'],
  file: ['type', 'path', 'allowNetworkFs', 'key'],
  redis: ['type', 'url', 'cluster', 'sentinel', 'prefix', 'tls', 'timeout', 'key'],
};
const TYPES = Object.keys(FIELDS);

const UNSEALED = 'none';
const KEY_BYTES = 32;
/** 32 bytes in either alphabet of base64. */
const KEY_TEXT = /^[A-Za-z0-9+/_-]{43}=?$/;
const A_KEY = `${KEY_BYTES} bytes, as base64 or in a Buffer (openssl rand -base64 ${KEY_BYTES})`;
const A_URL = 'a redis: or rediss: URL';

/**
 * `native` is undefined for memory, else in the form of `src/binding/options/store.rs`. `register` has the user's functions, if
 * there are some. `sources` gives the sources of the client.
 */
function readStore(store, sources) {
  if (typeof store !== 'object' || store === null || Array.isArray(store)) {
    throw invalidOption('store', 'an object');
  }
  const { native, register } = readTyped(store, sources) ?? readRegister(store, sources);
  const owner = `${os.hostname()} ${process.pid}`;
  return { native: native && { ...native, owner }, register };
}

/** Undefined for a register. */
function readTyped(store, sources) {
  const type = check.own(store, 'type');
  const isRegister =
    !TYPES.includes(type) && ['read', 'compareAndSet'].some((name) => check.own(store, name));
  if (isRegister) return undefined;
  if (!TYPES.includes(type)) {
    throw invalidOption(
      'store.type',
      `${TYPES.join(', ')}, or absent if the store has read and compareAndSet`,
    );
  }
  const own = check.readGroup(store, 'store', FIELDS[type]);
  if (type === 'memory') return {};
  const keys = readKeys(own.key, sources);
  return {
    native: type === 'file' ? { keys, file: readFile(own) } : { keys, redis: readRedis(own, sources) },
  };
}

function readFile(own) {
  const directory = required(check.text(own.path, 'store.path', undefined, 4096), 'store.path');
  if (directory.includes('\0')) throw invalidOption('store.path', 'a path, which has no NUL in it');
  return {
    // Resolved now, because a program may change its working directory.
    path: path.resolve(directory),
    allowNetworkFs: check.boolean(own.allowNetworkFs, 'store.allowNetworkFs', false),
  };
}

function readRedis(own, sources) {
  const cluster = check.boolean(own.cluster, 'store.cluster', false);
  const sentinel = check.text(own.sentinel, 'store.sentinel');
  if (cluster && sentinel !== undefined) {
    throw rejectOption('store.cluster and store.sentinel must not be given together');
  }
  const urls = readUrls(own.url, sources);
  if (Array.isArray(urls) && urls.length > 1 && !cluster && sentinel === undefined) {
    throw invalidOption('store.url', 'one URL, unless store.cluster or store.sentinel is given');
  }
  const tls = check.readGroup(own.tls, 'store.tls', ['ca', 'cert', 'key', 'passphrase']);
  return {
    urls,
    cluster,
    sentinel,
    prefix: check.text(own.prefix, 'store.prefix', 'token-rotator:'),
    tls: readCertificates(tls, 'store.tls', sources),
    timeout: check.duration(own.timeout, 'store.timeout', 2_000),
  };
}

/** A list, or a source whose text has them separated by white space. */
function readUrls(value, sources) {
  if (check.isSource(value)) {
    const { Wrong } = require('./source.js');
    return sources().read(value, 'store.url', (now) => {
      const urls = typeof now === 'string' ? now.trim().split(/\s+/) : now;
      if (!Array.isArray(urls) || urls.length === 0 || !urls.every(isUrl))
        throw new Wrong(`${A_URL}, or several`);
      return urls.join('\n');
    });
  }
  const isList = Array.isArray(value);
  const urls = Array.from(isList ? value : [required(value, 'store.url')], (url, i) => {
    if (!isUrl(url)) throw invalidOption(isList ? `store.url[${i}]` : 'store.url', A_URL);
    return url;
  });
  if (urls.length === 0) throw invalidOption('store.url', 'at least one URL');
  return urls;
}

function isUrl(url) {
  return typeof url === 'string' && /^rediss?:$/.test(check.parseUrl(url)?.protocol ?? '');
}

/** Not copied, because a register may be an instance of a class. Bound, so that its methods have their `this`. */
function readRegister(store, sources) {
  const method = (name) => {
    const found = check.optionalFunction(check.own(store, name), `store.${name}`);
    return found === undefined ? undefined : found.bind(store);
  };
  const register = {
    read: required(method('read'), 'store.read'),
    compareAndSet: required(method('compareAndSet'), 'store.compareAndSet'),
    watch: method('watch'),
  };
  const keys = readKeys(check.own(store, 'key'), sources);
  const name = check.text(check.own(store, 'name'), 'store.name', '');
  return { native: { keys, register: { name, watches: register.watch !== undefined } }, register };
}

/** Buffers with keys, and sources. */
function readKeys(value, sources) {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return [readKey(value, 'store.key', sources)];
  if (value.length === 0) throw invalidOption('store.key', 'at least one key');
  return Array.from(value, (key, i) => readKey(key, `store.key[${i}]`, sources));
}

function readKey(value, name, sources) {
  if (check.isSource(value)) {
    const { Wrong } = require('./source.js');
    return sources().read(value, name, (now) => {
      const key = asKey(now);
      if (key === undefined) throw new Wrong(A_KEY);
      return key.length === KEY_BYTES ? key.toString('base64') : UNSEALED;
    });
  }
  const key = asKey(value);
  if (key === undefined) throw invalidOption(name, A_KEY);
  return key;
}

/** Undefined if it is no key. A copy, because a program may overwrite its buffer. */
function asKey(value) {
  // Stands for records that are not sealed, so that sealing is turned on as a key is changed.
  if (value === UNSEALED) return Buffer.from(UNSEALED);
  const isText = typeof value === 'string' && KEY_TEXT.test(value.trim());
  const bytes = isText
    ? Buffer.from(value.trim(), 'base64')
    : ArrayBuffer.isView(value) && check.bufferOf(value);
  return bytes && bytes.length === KEY_BYTES ? Buffer.from(bytes) : undefined;
}

function required(value, name) {
  if (value === undefined) throw rejectOption(`${name} must be given`);
  return value;
}

module.exports = { readKeys, readStore };
