'use strict';

// Makes the request that crosses to Rust of an axios config, after axios' request transforms.

const { NativeRequest } = require('../../crossing/native-request.js');
const { FRAMING, hasHeader, readHeaders } = require('../../options/headers.js');
const { own, parseUrl } = require('../../options/check.js');
const { readData } = require('./data.js');
const { badOption, badRequest } = require('../failure.js');
const { isWatched } = require('./redirects.js');

/** More redirects than this are as good as no limit, and the number has to fit into the flags that cross. */
const MOST_REDIRECTS = 0xffff;

/** Characters that a header's value cannot hold (RFC 9110 §5.5; each character is one byte on the wire). axios drops them. */
const NOT_IN_A_VALUE = /[^\t\x20-\x7e\x80-\xff]+/g;

/** { href, request }: the URL, and a NativeRequest. */
async function readRequest(config, axios, signal) {
  const { href, auth } = readUrl(config, axios);
  const { data, headers } = await readData(config);
  const request = new NativeRequest(readMethod(own(config, 'method')));
  request.headers = linesOf(config.headers, headers, auth, axios.VERSION);
  request.data = data;
  request.timeout = readTimeout(own(config, 'timeout'));
  request.skipAuthRefresh = own(config, 'skipAuthRefresh') === true;
  const replay = own(config, 'replay');
  if (replay !== undefined) request.replay = replay !== false;
  const most = own(config, 'maxRedirects');
  request.redirect = most === 0 || isWatched(config) ? 'manual' : 'follow';
  request.maxRedirects = most ? Math.max(0, Math.min(Math.floor(most), MOST_REDIRECTS)) : undefined;
  request.signal = signal;
  return { href, request };
}

/** The URL as axios makes it, and the user name and password, if there are any. */
function readUrl(config, axios) {
  const url = String(own(config, 'url') ?? '');
  const baseURL = own(config, 'baseURL');
  const params = own(config, 'params');
  const asItIs = !baseURL && !params && /^(https?:\/)?\//i.test(url);
  const href = asItIs ? url : uriOf(config, { url, baseURL, params }, axios);
  const auth = own(config, 'auth');
  if (auth) return { href, auth: `${own(auth, 'username') || ''}:${own(auth, 'password') || ''}` };
  return href.includes('@') ? withoutCredentials(href) : { href, auth: undefined };
}

/** The rules are those of the program's copy of axios, because they differ between its versions. */
function uriOf(config, parts, axios) {
  const paramsSerializer = own(config, 'paramsSerializer');
  const allowAbsoluteUrls = own(config, 'allowAbsoluteUrls');
  // Without defaults: those of the instance are in the config already, and those of the module do not apply.
  const nobody = { defaults: {} };
  try {
    return axios.Axios.prototype.getUri.call(nobody, { ...parts, paramsSerializer, allowAbsoluteUrls });
  } catch (cause) {
    throw cause?.isAxiosError === true ? cause : badRequest(cause?.message, { cause });
  }
}

function withoutCredentials(href) {
  const url = parseUrl(href);
  if (!url?.username && !url?.password) return { href, auth: undefined };
  const auth = `${decoded(url.username)}:${decoded(url.password)}`;
  url.username = '';
  url.password = '';
  return { href: url.href, auth };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function readMethod(value) {
  const method = String(value ?? 'get').toUpperCase();
  if (method === 'CONNECT' || method === 'TRACE') throw badOption(`method ${method} cannot be sent`);
  return method;
}

/** 0 stands for the client's own. */
function readTimeout(value) {
  if (!value) return 0;
  const timeout = parseInt(value, 10);
  if (Number.isNaN(timeout)) throw badOption('error trying to parse `config.timeout` to int');
  return Math.max(timeout, 0);
}

/** Header lines. Headers that describe the body, and `auth` (user name and password), replace those of the config. */
function linesOf(headers, describing, auth, version) {
  const given = fieldsOf(headers);
  const pairs = [];
  const add = (name, value) => {
    // Rust sets the headers of the connection.
    if (value === undefined || value === null || value === false || FRAMING.has(name.toLowerCase())) return;
    for (const one of Array.isArray(value) ? value : [value]) {
      pairs.push([name, String(one).replace(NOT_IN_A_VALUE, '')]);
    }
  };
  for (const name of Object.keys(given)) {
    const lower = name.toLowerCase();
    const replaced = describing?.[lower] !== undefined || (auth !== undefined && lower === 'authorization');
    if (!replaced) add(name, given[name]);
  }
  for (const name of Object.keys(describing ?? {})) add(name, describing[name]);
  if (auth !== undefined) add('authorization', `Basic ${Buffer.from(auth).toString('base64')}`);
  const lines = readHeaders(pairs);
  return hasHeader(lines, 'user-agent') ? lines : `user-agent\naxios/${version}${lines && `\n${lines}`}`;
}

/** Before axios 1.2, a default that the request replaces is there under both spellings. The request's is the last. */
function fieldsOf(headers) {
  const given = (typeof headers?.toJSON === 'function' ? headers.toJSON() : headers) ?? {};
  if (typeof headers?.concat === 'function') return given;
  const names = new Map(Object.keys(given).map((name) => [name.toLowerCase(), name]));
  return Object.fromEntries([...names.values()].map((name) => [name, given[name]]));
}

module.exports = { readRequest };
