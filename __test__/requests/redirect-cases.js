'use strict';

// The ways that redirects lead, and what a request carries along them. `travel` in redirect-world.js goes them.

const { TOKEN } = require('./servers.js');

const STATUSES = [301, 302, 303, 307, 308];
/** In every value that a test sends besides the token. */
const OWN = 'own-marker';
const BODY = Buffer.concat([Buffer.from('body-marker\r\n\r\n'), Buffer.from([...Array(256).keys()])]);

/** `stops`: the origins by their names in `openWorld`. `write`: how the location is written. `refused`: the last stop is. */
const WAYS = [
  { name: 'another name', stops: ['home', 'named'] },
  { name: 'another port', stops: ['home', 'second'] },
  { name: 'http to https', stops: ['home', 'secure'] },
  { name: 'https to http', stops: ['secure', 'home'], refused: true },
  { name: 'https to https', stops: ['secure', 'vault'] },
  { name: 'a subdomain', stops: ['named', 'subdomain'] },
  {
    name: 'a user name and a password',
    stops: ['home', 'second'],
    write: (url) => url.replace('//', `//user:${OWN}@`),
    refused: true,
  },
  {
    name: 'the own origin as a user name',
    stops: ['home', 'second'],
    write: (url, { home }) => url.replace('//', `${home.replace('http:', '')}@`),
    refused: true,
  },
  { name: '//host', stops: ['home', 'second'], write: (url) => url.replace('http:', '') },
  {
    name: 'backslashes',
    stops: ['home', 'second'],
    write: (url) => url.replace('http:', '').replaceAll('/', '\\'),
  },
  {
    name: 'a slash and a backslash',
    stops: ['home', 'second'],
    write: (url) => url.replace('http://', '/\\'),
  },
  { name: 'A → A → A', stops: ['home', 'home', 'home'] },
  { name: 'A → A → B', stops: ['home', 'home', 'second'] },
  { name: 'A → B → B', stops: ['home', 'second', 'second'] },
  { name: 'A → B → A', stops: ['home', 'second', 'home'] },
  { name: 'A → B → C → A', stops: ['home', 'second', 'third', 'home'] },
  { name: 'http → https → http', stops: ['home', 'secure', 'home'], refused: true },
];

/** What every request carries along the ways. */
const CARRIED = [
  carry('the token', {}),
  carry('the token under another name', { client: { header: { name: 'x-token' } } }),
  carry('a cookie', { request: { headers: { cookie: `sid=${OWN}` } } }),
  carry('proxy-authorization', { request: { headers: { 'proxy-authorization': `Basic ${OWN}` } } }),
  carry("the client's own headers", { client: { headers: { 'x-api-key': OWN, cookie: `sid=${OWN}` } } }),
  carry('a body', {
    request: { method: 'POST', body: BODY, headers: { 'content-type': 'application/x-own' } },
  }),
];

/** `client`, `request`: options. `sent`: the headers that are there until the first origin is left. */
function carry(name, { client = {}, request = {} }) {
  const auth = request.skipAuthRefresh ? {} : { [client.header?.name ?? 'authorization']: `Bearer ${TOKEN}` };
  return { name, client, request, sent: { ...auth, ...client.headers, ...request.headers } };
}

/** A way that goes around in `ring`: `redirects` times, or for ever. */
function around(ring, redirects = Infinity) {
  const stops = Array.from({ length: Math.min(redirects, 21) + 1 }, (_, i) => ring[i % ring.length]);
  const path = (status, origins) => {
    const along = [...ring.slice(1), ring[0]].map((name) => ['along', origins[name]]);
    return `/${status}?${new URLSearchParams([['left', redirects], ...along])}`;
  };
  return { name: ring.join(' → '), stops, path, refused: redirects > 20 };
}

module.exports = { BODY, CARRIED, OWN, STATUSES, WAYS, around, carry };
