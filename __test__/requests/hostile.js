'use strict';

// What the tests of hostile servers share: servers that answer in bytes of the test's own, and what becomes of a request.

const { TokenRotatorError } = require('../..');
const { QUERY, clientFor, failure, serveRaw } = require('./servers.js');

/** For a client that sends each request once, whatever becomes of it. */
const ONCE = { retry: false };

const MIB = 1024 * 1024;
/** Of a body, decoded. */
const LIMIT = MIB / 4;

/** No test waits for it, unless its request hangs. */
const PATIENCE = 20_000;

/** Kinds of outcome, as `outcome` tells them. */
const NOT_HTTP = /^NetworkError ERR_NETWORK HPE_\w+$/;
const CUT = /^NetworkError ERR_NETWORK (ECONNRESET|EPIPE)$/;
const TOO_LARGE = 'TokenRotatorError ERR_TOO_LARGE';
const either = (...kinds) =>
  new RegExp(
    kinds.map((kind) => kind.source ?? `^${kind.replaceAll(/[.*+?^$(){}|[\]\\]/g, '\\$&')}$`).join('|'),
  );

const hostileClient = (server, options) =>
  clientFor(server, { ...ONCE, timeout: PATIENCE, maxResponseSize: LIMIT, ...options });

/**
 * How a request ended, its body read: `kind` is the status and the body, as Latin-1, or the class, code and detail of
 * the error, which must be one of the client's own and hold no secret.
 */
async function outcome(promise) {
  try {
    const response = await promise;
    const text = Buffer.from(await response.bytes()).toString('latin1');
    return { kind: `${response.status} ${text}`, response, text };
  } catch (reason) {
    if (!(reason instanceof TokenRotatorError)) throw reason;
    const error = await failure(Promise.reject(reason));
    const details = [error.name, error.code, error.cause?.code ?? error.phase];
    return { kind: details.filter((detail) => detail !== undefined).join(' '), error };
  }
}

/** What a request to the hostile path of `serveHostile` comes to. */
const attempt = (client, method = 'get', body) =>
  outcome(client.request(`/hostile?${QUERY}`, { method, body }));

const pathOf = (head) => /[A-Z]+ (\S+) HTTP\/1\.[01]\r\n/.exec(head)[1];

/** As serveRaw, but each write goes out at once: the system would hold the second back until the first is received. */
const servePromptly = (handler) =>
  serveRaw((socket, head, count) => handler(socket.setNoDelay(), head, count));

/** A server that calls `attack(socket)` at each head for the hostile path, and answers all others with their path. */
const serveHostile = (attack) =>
  servePromptly((socket, head) => {
    const path = pathOf(head);
    if (path.startsWith('/hostile')) attack(socket);
    else socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${path.length}\r\n\r\n${path}`);
  });

/** The client works on, and what it gets is its own. */
async function expectNextAnswer(client, server) {
  expect((await outcome(client.get('/next', { timeout: PATIENCE }))).kind).toBe('200 /next');
  // Exactly one connection carried it: it was sent once.
  expect(server.connections.filter(({ text }) => text.includes('GET /next ')).length).toBe(1);
}

/** Resolves when the client has let the first connection go. */
const freed = ({ connections: [{ socket }] }) =>
  new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', resolve)));

function expectKind(actual, expected) {
  if (expected instanceof RegExp) expect(actual.kind).toMatch(expected);
  else expect(actual.kind).toBe(expected);
}

module.exports = {
  CUT,
  MIB,
  NOT_HTTP,
  PATIENCE,
  TOO_LARGE,
  attempt,
  either,
  expectKind,
  expectNextAnswer,
  freed,
  hostileClient,
  outcome,
  pathOf,
  serveHostile,
  servePromptly,
};
