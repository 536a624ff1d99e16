// Requests that nobody holds but fetch, garbage collected, and then aborted: on the wire, while the body streams, and before
// a small body is read. Wants --expose-gc.

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

const reasonOf = (promise) => promise.then(String, (reason) => reason);

async function aborted(args) {
  const onTheWire = new AbortController();
  const pending = reasonOf(client.fetch(...args(`${url}/hangs`, onTheWire.signal)));
  const streaming = new AbortController();
  const text = reasonOf((await client.fetch(...args(`${url}/streams`, streaming.signal))).text());
  const small = new AbortController();
  const response = await client.fetch(...args(`${url}/small`, small.signal));
  await collectGarbage();
  onTheWire.abort('on the wire');
  streaming.abort('streaming');
  small.abort('small');
  return [await pending, await text, await reasonOf(response.text())];
}

const request = await aborted((url, signal) => [new Request(url, { signal })]);
const init = await aborted((url, signal) => [url, new Request(url, { signal })]);
console.log(JSON.stringify({ request, init }));
await client.close();
