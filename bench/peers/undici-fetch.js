'use strict';

const { Agent, fetch } = require('undici');

/** Longer than any pause between two rounds. */
const KEEP_ALIVE_MS = 600_000;

function create({ origin, ca, sockets, tokens }) {
  const dispatcher = new Agent({ connections: sockets, connect: { ca }, keepAliveTimeout: KEEP_ALIVE_MS });
  const options = { dispatcher, headers: { authorization: `Bearer ${tokens.accessToken}` } };
  async function get(path) {
    const response = await fetch(origin + path, options);
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    return response.json();
  }
  return { get, fetch: get };
}

module.exports = { create };
