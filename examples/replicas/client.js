'use strict';

// The client of all examples in this folder. Its settings come from the environment, as those of a container do:
// API_URL, TOKEN_ENDPOINT, CLIENT_ID, and REDIS_URL or TOKEN_DIRECTORY. REFRESH_TOKEN is the first one; it counts only while the
// store is empty, so that an old one in the environment does no harm.

const { TokenClient } = require('token-rotator');

const { API_URL, TOKEN_ENDPOINT, CLIENT_ID = '', REDIS_URL, TOKEN_DIRECTORY, REFRESH_TOKEN } = process.env;

function connect(options) {
  return new TokenClient({ baseURL: API_URL, refresh, tokens: firstTokens(), store: store(), ...options });
}

/** Redis for several machines, a directory for the processes of one. */
function store() {
  if (REDIS_URL) return { type: 'redis', url: REDIS_URL };
  if (TOKEN_DIRECTORY) return { type: 'file', path: TOKEN_DIRECTORY };
  return undefined;
}

function firstTokens() {
  return REFRESH_TOKEN ? { refreshToken: REFRESH_TOKEN } : undefined;
}

async function refresh(refreshToken, { signal }) {
  const fields = { grant_type: 'refresh_token', refresh_token: refreshToken ?? '', client_id: CLIENT_ID };
  const body = new URLSearchParams(fields);
  const response = await fetch(TOKEN_ENDPOINT, { method: 'POST', body, signal });
  if (response.ok) return response.json();
  const data = await response.json().catch(() => undefined);
  throw Object.assign(new Error('refresh failed'), { status: response.status, data });
}

module.exports = { connect };
