'use strict';

// One process of rotation.js: a client whose store is a register in the parent. Told { login } or { request }, it answers { done }.

const { TokenClient } = require('../../..');

const { name, url, tokenEndpoint } = JSON.parse(process.argv[2]);

const client = new TokenClient({ baseURL: url, store: parentRegister(), refreshAhead: 0, refresh });

async function refresh(refreshToken) {
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
  return (await fetch(tokenEndpoint, { method: 'POST', body })).json();
}

function parentRegister() {
  const asked = new Map();
  const watchers = new Set();
  let last = 0;
  process.on('message', ({ answer, changed }) => {
    if (changed) watchers.forEach((tell) => tell());
    if (answer === undefined) return;
    asked.get(answer.number)(answer.result);
    asked.delete(answer.number);
  });
  const ask = (method, ...args) =>
    new Promise((resolve) => {
      last += 1;
      asked.set(last, resolve);
      process.send({ ask: { number: last, method, args } });
    });
  return {
    read: (session) => ask('read', session),
    compareAndSet: (session, next, expected) => ask('compareAndSet', session, next, expected),
    watch: async (changed) => {
      watchers.add(changed);
      return () => watchers.delete(changed);
    },
  };
}

process.on('message', async ({ login, request, end }) => {
  if (login) await client.setTokens(login);
  if (request) await client.get('/api/orders', { headers: { 'x-request-id': `${name} ${request}` } });
  if (login || request) process.send({ done: true });
  if (end) {
    await client.close();
    process.disconnect();
  }
});
process.send({ done: true });
