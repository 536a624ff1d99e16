'use strict';

const http = require('node:http');
const { json } = require('node:stream/consumers');
const { setTimeout: sleep } = require('node:timers/promises');
const { TokenClient } = require('../..');

/** A client as a backend would make one: its own refresh request, its own store. */
function connect({ url, tokenEndpoint, tokens }, { storeLatency: [min, max] }) {
  // A store somewhere else: every access takes as long as it takes.
  const store = new Map([['demo', tokens]]);
  const latency = () => sleep(min + Math.random() * (max - min));

  let refreshes = 0;
  return new TokenClient({
    baseURL: url,
    session: 'demo',
    async refresh(refreshToken) {
      const { expires_in: expiresIn, ...answer } = await requestTokens(tokenEndpoint, refreshToken);
      // Every other time the client knows when the token runs out; else only a rejected request tells it.
      return ++refreshes % 2 === 0 ? { ...answer, expires_in: expiresIn } : answer;
    },
    refreshAhead: 0, // Rotate when a token has run out, not before: that makes refreshes per expiry exactly 1.
    async getTokens(session) {
      await latency();
      return store.get(session);
    },
    async setTokens(next, session) {
      await latency();
      store.set(session, next);
    },
  });
}

function requestTokens(endpoint, refreshToken) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const request = http.request(endpoint, { method: 'POST', headers }, async (response) => {
      try {
        const body = await json(response);
        if (response.statusCode === 200) resolve(body);
        else
          reject(
            Object.assign(new Error(`token endpoint: ${body.error}`), { status: response.statusCode, body }),
          );
      } catch (error) {
        reject(error);
      }
    });
    request.on('error', reject);
    request.end(new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }).toString());
  });
}

module.exports = { connect };
