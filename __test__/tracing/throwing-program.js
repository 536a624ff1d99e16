'use strict';

// Subscribers of all channels throw, and one request is sent. Node reports what a subscriber throws as an uncaught exception.

const { tracingChannel } = require('node:diagnostics_channel');
const http = require('node:http');
const { TokenClient } = require('../../index.js');

const thrown = [];
process.on('uncaughtException', ({ message }) => thrown.push(message));
for (const name of ['request', 'try']) {
  const fail = (event) => () => {
    throw new Error(`${name} ${event}`);
  };
  tracingChannel(`token-rotator:${name}`).subscribe({
    start: fail('start'),
    asyncEnd: fail('asyncEnd'),
  });
}

const server = http.createServer((_, response) => response.end());
server.listen(0, '127.0.0.1', async () => {
  const baseURL = `http://127.0.0.1:${server.address().port}`;
  const client = new TokenClient({ baseURL, tokens: { accessToken: 'a' }, refresh: () => {} });
  const { status } = await client.get('/');
  await client.close();
  await new Promise((resolve) => server.close(resolve));
  console.log(JSON.stringify({ status, thrown: thrown.toSorted() }));
});
