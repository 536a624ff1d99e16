'use strict';

// A program with one client, in a process of its own. The first argument has the client's `options`, `count`, how many requests it makes
// one after the other when it is asked, and `hook`, whether it hears of the tokens. If it is asked with `snapshot`, it writes its heap
// there.

const v8 = require('node:v8');
const { TokenClient } = require('../../../index.js');

const { options, count = 1, hook = false } = JSON.parse(process.argv[2]);
const heard = [];
const onRefreshed = hook ? ({ accessToken }) => heard.push(accessToken) : undefined;
const client = new TokenClient({ ...options, onRefreshed });

async function requests() {
  const statuses = new Set();
  for (let i = 0; i < count; i += 1) statuses.add((await client.get('/api/x')).status);
  return [...statuses];
}

process.on('disconnect', () => client.close());
process.on('message', async ({ number, snapshot }) => {
  if (snapshot === undefined) return process.send({ number, answer: await requests() });
  v8.writeHeapSnapshot(snapshot);
  process.send({ number, answer: client.stats() });
});
process.send({});
