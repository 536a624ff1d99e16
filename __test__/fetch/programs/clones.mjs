// Clones of a body that is on its way, read after a garbage collection: both Responses, and both streams where nobody has the
// Responses any more. Wants --expose-gc.

import { TokenClient } from '../../../index.js';

const { url } = JSON.parse(process.argv[2]);
const client = new TokenClient({
  baseURL: url,
  tokens: { accessToken: 'a' },
  refresh: () => ({ accessToken: 'b' }),
});

async function collectGarbage() {
  for (let round = 0; round < 20; round += 1) {
    globalThis.gc();
    await new Promise(setImmediate);
  }
}

async function cloned() {
  const response = await client.fetch(url);
  return [response, response.clone()];
}

const streamsOf = (responses) => responses.map(({ body }) => body);
const textOf = (body) => new Response(body).text();
const textsOf = (reads) => Promise.all(reads.map((read) => read.catch(String)));

const responses = await cloned();
const streams = streamsOf(await cloned());
await collectGarbage();
await client.get('/end');
console.log(
  JSON.stringify({
    responses: await textsOf(responses.map((response) => response.text())),
    streams: await textsOf(streams.map(async (stream) => textOf(stream))),
  }),
);
await client.close();
