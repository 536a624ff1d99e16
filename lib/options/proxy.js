'use strict';

// Reads the option `proxy`: a proxy's URL, or 'env' for the variables that curl, undici and Node read. The result holds URLs
// that Rust can parse. No message shows a URL, because it may hold a password.

const { parseUrl } = require('./check.js');
const { invalidOption, rejectOption } = require('../errors.js');

const PROTOCOLS = ['http:', 'https:', 'socks5:', 'socks5h:'];

/** @returns {import('../../native').NativeProxy | undefined}  undefined: no proxy */
function readProxy(value, env = process.env) {
  if (value === undefined || value === false) return undefined;
  if (value === 'env') return readEnvironment(env);
  const url = typeof value === 'string' ? proxyUrl(value) : null;
  if (url === null) {
    throw invalidOption(
      'proxy',
      "false, 'env', or an http, https, socks5 or socks5h URL of scheme, host and port",
    );
  }
  return { http: url, https: url, except: '', loopback: true };
}

/** Lower case wins, as in curl. For a CGI program HTTP_PROXY is a request's `Proxy` header (httpoxy.org), and ignored. */
function readEnvironment(env) {
  const isCgi = env.REQUEST_METHOD !== undefined;
  const all = ['all_proxy', 'ALL_PROXY'];
  const http = firstOf(env, isCgi ? all : ['http_proxy', 'HTTP_PROXY', ...all]);
  const https = firstOf(env, ['https_proxy', 'HTTPS_PROXY', ...all]);
  if (http === '' && https === '') return undefined;
  return { http, https, except: env.no_proxy || env.NO_PROXY || '', loopback: false };
}

function firstOf(env, names) {
  const name = names.find((candidate) => env[candidate]);
  if (name === undefined) return '';
  const value = env[name].trim();
  const url = proxyUrl(value.includes('://') ? value : `http://${value}`);
  if (url === null) throw rejectOption(`proxy is 'env', and the variable ${name} is not the URL of a proxy`);
  return url;
}

function proxyUrl(text) {
  const url = parseUrl(text);
  if (url === null) return null;
  const bare = ['', '/'].includes(url.pathname) && url.search === '' && url.hash === '';
  if (!PROTOCOLS.includes(url.protocol) || url.hostname === '' || !bare) return null;
  return url.href;
}

module.exports = { readProxy };
