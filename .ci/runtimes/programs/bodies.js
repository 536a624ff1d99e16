'use strict';

// Bodies both ways: text, bytes, forms, blobs and streams of either kind are sent; a large answer is read as a stream, and cancelled.

const assert = require('node:assert/strict');
const http = require('node:http');
const { once } = require('node:events');
const { Readable } = require('node:stream');
const { judge, start } = require('./start.js');

const PART = 'x'.repeat(50_000);

const sent = {
  text: () => [PART, PART],
  bytes: () => [new TextEncoder().encode(PART), PART],
  json: () => [{ part: PART }, JSON.stringify({ part: PART })],
  form: () => [new URLSearchParams({ part: PART }), `part=${PART}`],
  blob: () => [new Blob([PART, PART]), PART + PART],
  'stream of the web': () => [
    new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode(PART));
        controller.close();
      },
    }),
    PART,
  ],
  'stream of Node': () => [Readable.from([Buffer.from(PART), Buffer.from(PART)]), PART + PART],
};

async function main() {
  const { server, client } = await start();
  for (const [kind, make] of Object.entries(sent)) {
    const [body, text] = make();
    const answer = await client.post('/api/orders', body);
    assert.equal((await answer.json()).body, text, kind);
  }
  // A body that a function makes is sent again after a rotation.
  server.expire();
  const again = await client.post('/api/orders', () => Readable.from([Buffer.from(PART)]));
  assert.equal((await again.json()).body, PART);
  judge(server, 1);

  const form = new FormData();
  form.append('file', new Blob([PART]), 'name.txt');
  const uploaded = await client.fetch(`${server.url}/api/orders`, { method: 'POST', body: form });
  assert.match((await uploaded.json()).body, /filename="name.txt"/);

  await downloads(client);
  await client.close();
  await server.close();
}

/** Twenty megabytes, which are not held in memory; and a body without end, which is given up. */
async function downloads(client) {
  const LENGTH = 20_000_000;
  const big = http.createServer((request, response) => {
    if (request.url === '/endless') return Readable.from(endless()).pipe(response);
    response.end(Buffer.alloc(LENGTH));
  });
  await once(big.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${big.address().port}`;
  const options = { skipAuthRefresh: true };
  let length = 0;
  for await (const part of (await client.get(`${url}/big`, options)).body) length += part.length;
  assert.equal(length, LENGTH);

  const answer = await client.get(`${url}/endless`, options);
  const reader = answer.body.getReader();
  assert((await reader.read()).value.length > 0);
  await reader.cancel();
  big.closeAllConnections();
  await new Promise((resolve) => big.close(resolve));
}

function* endless() {
  for (;;) yield Buffer.alloc(65_536);
}

main().then(() => console.log('done'));
