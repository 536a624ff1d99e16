'use strict';

// The option `proxy`: a proxy's URL, or 'env' for the variables that curl, undici and Node read. What leaves here are
// URLs that Rust can parse. No message holds one: it may hold a password.

const { invalidOption, rejectOption } = require('../errors.js');

const PROTOCOLS = ['http:', 'https:', 'socks5:', 'socks5h:'];

/** { http, https, except, loopback } for Rust; undefined for no proxy. */
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

/**
 * Lower case goes first, as everywhere. A CGI program gets HTTP_PROXY from a request's `Proxy` header (httpoxy.org), so
 * it is not believed there.
 */
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
  let url;
  try {
    url = new URL(text);
  } catch {
    return null; // the parser's own error holds the input
  }
  const bare = ['', '/'].includes(url.pathname) && url.search === '' && url.hash === '';
  if (!PROTOCOLS.includes(url.protocol) || url.hostname === '' || !bare) return null;
  return url.href;
}

module.exports = { readProxy };
