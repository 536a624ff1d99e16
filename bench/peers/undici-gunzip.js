'use strict';

// What a user of undici writes who does without the experimental interceptor.

const { gunzipSync } = require('node:zlib');

const { Pool } = require('undici');

/** Longer than any pause between two rounds. */
const KEEP_ALIVE_MS = 600_000;

function create({ origin, ca, sockets, tokens }) {
  const pool = new Pool(origin, { connections: sockets, connect: { ca }, keepAliveTimeout: KEEP_ALIVE_MS });
  const headers = { authorization: `Bearer ${tokens.accessToken}`, 'accept-encoding': 'gzip' };
  return {
    async get(path) {
      const { statusCode, headers: answered, body } = await pool.request({ path, method: 'GET', headers });
      if (statusCode !== 200) throw new Error(`status ${statusCode}`);
      if (answered['content-encoding'] !== 'gzip') return body.json();
      return JSON.parse(gunzipSync(await body.arrayBuffer()));
    },
  };
}

module.exports = { create };
