'use strict';

// An axios config, after its request transforms, as the request that crosses to Rust.

const { NativeRequest } = require('../../crossing/native-request.js');
const { FRAMING, hasHeader, readHeaders } = require('../../options/headers.js');
const { own } = require('../own-property.js');
const { readData } = require('./data.js');
const { badOption, badRequest } = require('./failure.js');

/** What axios follows unless it is told how many. */
const USUAL_REDIRECTS = 21;

/** What a header's value cannot hold (RFC 9110 §5.5, each char being one byte on the wire); axios drops it. */
const NOT_IN_A_VALUE = /[^\t\x20-\x7e\x80-\xff]+/g;

/**
 * { href, request, hops }: `request` is a NativeRequest. `hops` is how many redirects JavaScript has to
 * follow, undefined if it is Rust that does, or nobody.
 */
async function readRequest(config, axios, signal) {
  const { href, auth } = readUrl(config, axios);
  const { data, headers } = await readData(config);
  const hops = hopsOf(config);
  const request = new NativeRequest(readMethod(own(config, 'method')));
  request.headers = linesOf(config.headers, headers, auth, axios.VERSION);
  request.data = data;
  request.timeout = readTimeout(own(config, 'timeout'));
  request.skipAuth = own(config, 'skipAuthRefresh') === true;
  request.redirect = hops === undefined && own(config, 'maxRedirects') !== 0 ? 'follow' : 'manual';
  request.signal = signal;
  return { href, request, hops };
}

/** Where axios would send it to, and the user name and password, if there are any. */
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

/** By axios' own rules, which differ between its versions. */
function uriOf(config, parts, axios) {
  const paramsSerializer = own(config, 'paramsSerializer');
  const allowAbsoluteUrls = own(config, 'allowAbsoluteUrls');
  // Of no instance: the defaults of this one are in the config already, and the module's are none of its own.
  const nobody = { defaults: {} };
  try {
    return axios.Axios.prototype.getUri.call(nobody, { ...parts, paramsSerializer, allowAbsoluteUrls });
  } catch (cause) {
    throw cause?.isAxiosError === true ? cause : badRequest(cause?.message, { cause });
  }
}

function withoutCredentials(href) {
  const url = URL.canParse(href) ? new URL(href) : undefined;
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

/** 0: the client's. */
function readTimeout(value) {
  if (!value) return 0;
  const timeout = parseInt(value, 10);
  if (Number.isNaN(timeout)) throw badOption('error trying to parse `config.timeout` to int');
  return Math.max(timeout, 0);
}

function hopsOf(config) {
  const most = own(config, 'maxRedirects');
  if (most === 0) return undefined;
  return most || (own(config, 'beforeRedirect') ? USUAL_REDIRECTS : undefined);
}

/** Header lines. `describing`: the body's own, which win. `auth`: user name and password, which win too. */
function linesOf(headers, describing, auth, version) {
  const given = fieldsOf(headers);
  const pairs = [];
  const add = (name, value) => {
    // The connection's own are left to it.
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

/** Before 1.2, what is a default and in the request too is there under both spellings. The request's is the last. */
function fieldsOf(headers) {
  const given = (typeof headers?.toJSON === 'function' ? headers.toJSON() : headers) ?? {};
  if (typeof headers?.concat === 'function') return given;
  const names = new Map(Object.keys(given).map((name) => [name.toLowerCase(), name]));
  return Object.fromEntries([...names.values()].map((name) => [name, given[name]]));
}

module.exports = { readRequest };
