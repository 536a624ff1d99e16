'use strict';

// Runs the same call with the platform's fetch and with a client's, on one server, and shows what came of it in a form in
// which the two can be compared: what the server saw, and what the caller got.

const { clientFor, serve } = require('../requests/servers.js');

/** Each client has its own idea of these. */
const OWN_HEADERS = [
  ...['accept', 'accept-encoding', 'accept-language', 'authorization', 'connection', 'host'],
  ...['sec-fetch-mode', 'user-agent'],
];

const OF_THE_CONNECTION = ['connection', 'date', 'keep-alive'];

/**
 * `{ server, client, compare }`. `compare(call, same)` calls `call(fetch, url)` with either fetch and expects both to see the same,
 * of which it gives the platform's.
 */
async function serveBoth(handler, options) {
  const server = await serve(handler, options);
  const client = clientFor(server);
  const compare = async (call) => {
    const theirs = await outcome(server, () => call(globalThis.fetch, server.url));
    const ours = await outcome(server, () => call(client.fetch, server.url));
    expect(ours).toEqual(theirs);
    return theirs;
  };
  return { server, client, compare };
}

async function outcome({ seen }, call) {
  seen.length = 0;
  const got = await call().then(shown, (error) => ({ rejected: nameOf(error) }));
  return { got, sent: await Promise.all(seen.map(arrival)) };
}

/** Names and not classes: the platform's errors are of another realm than a jest test's. */
function nameOf(error) {
  return error instanceof Object || error?.name ? error.name : error;
}

async function shown(value) {
  if (!(value instanceof Response)) return value;
  const { status, statusText, ok, url, redirected, type, bodyUsed, body } = value;
  const headers = [...value.headers].filter(([name]) => !OF_THE_CONNECTION.includes(name));
  const head = { status, statusText, ok, url, redirected, type, bodyUsed, hasBody: body !== null, headers };
  return { ...head, text: await value.text(), bodyUsedUp: value.bodyUsed };
}

async function arrival({ method, url, rawHeaders, body }) {
  const sent = {};
  rawHeaders.forEach((name, i) => {
    // Names and values by turns; what Node makes of them would not show a header that came twice.
    if (i % 2 === 0) (sent[name.toLowerCase()] ??= []).push(rawHeaders[i + 1]);
  });
  for (const name of OWN_HEADERS) delete sent[name];
  const type = sent['content-type']?.[0];
  if (!type?.startsWith('multipart/')) return { method, url, sent, body: body.toString('latin1') };
  // The boundary is the sender's choice, and so is the length with it.
  const form = await new Response(body, { headers: { 'content-type': type } }).formData();
  const parts = [];
  for (const [name, value] of form) {
    parts.push(
      typeof value === 'string' ? [name, value] : [name, value.name, value.type, await value.text()],
    );
  }
  return { method, url, parts, hasLength: 'content-length' in sent };
}

module.exports = { serveBoth };
