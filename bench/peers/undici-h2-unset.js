'use strict';

// undici's request with `allowH2` and nothing else set: without `pipelining`, one request on a connection at a time.

const { Pool } = require('undici');

/** Longer than any pause between two rounds. */
const KEEP_ALIVE_MS = 600_000;

function create({ origin, ca, tokens }) {
  const pool = new Pool(origin, { allowH2: true, connect: { ca }, keepAliveTimeout: KEEP_ALIVE_MS });
  const headers = { authorization: `Bearer ${tokens.accessToken}` };
  return {
    async get(path) {
      const { statusCode, body } = await pool.request({ path, method: 'GET', headers });
      if (statusCode !== 200) throw new Error(`status ${statusCode}`);
      return body.json();
    },
  };
}

module.exports = { create };
