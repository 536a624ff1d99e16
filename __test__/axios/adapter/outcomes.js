'use strict';

// The half of `compare.js` that makes the requests.

const { Readable } = require('node:stream');
const { text } = require('node:stream/consumers');
const { axiosAdapter } = require('../../../lib/axios.js');
const { TOKEN, clientFor, closeServers, serve } = require('../../requests/servers.js');

/** Not of the request: the connection's, or words that each client has for itself. */
const NOT_COMPARED = new Set([
  ...['accept-encoding', 'connection', 'content-length', 'host', 'transfer-encoding'],
  ...['date', 'keep-alive'],
]);

/** What becomes of `cases` with each of these axios, to the process that asked: version → name → { own, ours }. */
async function send(cases, versions) {
  const outcomes = new Map();
  for (const version of versions) {
    const axios = require(version);
    const named = new Map();
    for (const each of cases) named.set(each.name, await both(axios, each));
    outcomes.set(version, named);
  }
  // What hung would keep the process.
  process.send(outcomes, () => process.exit());
}

async function both(axios, { serve: handler = echo, client: options, send: request }) {
  const server = await serve(handler);
  const client = clientFor(server, options);
  const adapter = axiosAdapter(client, { axios });
  const context = { axios, server, url: server.url };
  const own = await within(outcome(() => request(axios.create(), context), context));
  const ours = await within(outcome(() => request(axios.create({ adapter }), context), context));
  await closeServers();
  await client.close();
  return { own, ours };
}

/** A case that hangs is one outcome, and not the end of them all. */
async function within(ending) {
  const given = new Promise((resolve) => setTimeout(resolve, 20_000, { hangs: true, seen: [] }).unref());
  return Promise.race([ending, given]);
}

/** { response or error, seen }: what the caller got, and what the server saw. */
async function outcome(run, { axios, server }) {
  const before = server.seen.length;
  const result = await (async () => run())().then(readResponse, (error) => readError(error, axios));
  return { ...result, seen: await Promise.all(server.seen.slice(before).map(readSeen)) };
}

/** A case may give something else than a response. */
async function readResponse(response) {
  if (response?.config === undefined) return { response };
  const { status, statusText, headers, data, request } = response;
  const { method, path } = request;
  return {
    response: { status, statusText, headers: kept(headers), data: await readData(data), method, path },
  };
}

async function readError(error, axios) {
  const { code, message, response, config } = error;
  const isAxiosError = error instanceof axios.AxiosError && axios.isAxiosError(error);
  const answer = response && (await readResponse(response)).response;
  const [sent, canceled] = [error.request !== undefined, axios.isCancel(error)];
  return { error: { code, message, isAxiosError, canceled, sent, config: config !== undefined, answer } };
}

async function readData(data) {
  if (data instanceof Readable) return { stream: await text(data) };
  return Buffer.isBuffer(data) ? { bytes: data.toString('latin1') } : data;
}

async function readSeen({ method, url, headers, body }) {
  const shown = kept(headers);
  if (shown.authorization === `Bearer ${TOKEN}`) delete shown.authorization;
  return { method, url, headers: shown, body: await readBody(headers['content-type'], body, shown) };
}

/** Boundaries, and how the parts are written, are each client's own. */
async function readBody(type, body, shown) {
  if (!type?.startsWith('multipart/form-data')) return body.toString('latin1');
  shown['content-type'] = 'multipart/form-data';
  const form = await new Response(body, { headers: { 'content-type': type } }).formData();
  const read = async (value) =>
    typeof value === 'string' ? value : { name: value.name, type: value.type, text: await value.text() };
  return Promise.all(Array.from(form, async ([name, value]) => [name, await read(value)]));
}

function kept(headers) {
  const all = { ...(headers.toJSON?.() ?? headers) };
  for (const name of NOT_COMPARED) delete all[name];
  return all;
}

function echo({ method, url, headers }, response, body) {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ method, url, type: headers['content-type'], body: body.toString() }));
}

module.exports = { send };
