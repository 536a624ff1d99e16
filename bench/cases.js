'use strict';

// Every case there is. Its name is what `--only` matches and what results are filed under; `needs` is what a client must
// be able to do to take part (peers/index.js).

const SIZES = { small: '/small', '16k': '/json16k' };

/** Requests that meet an expired token at once. */
const STORM_REQUESTS = 1000;
/** Requests that wait for one refresh; also the default limit of token-rotator's queue. */
const QUEUED_REQUESTS = 10_000;
/** What is streamed in one response or one request, and the stretch before it that is not measured. */
const STREAMED = { bytes: 2 ** 30, warmupBytes: 2 ** 28 };
/** Sockets a client may open where the case itself says nothing about concurrency. */
const SOCKETS = 256;
/** Sessions that are held while requests go round them. */
const SESSIONS = [1, 1000, 100_000];
/** Calls of `getAccessToken` that wait at once. */
const BATCHES = [1, 64];
/** Stores that processes share. `register` is a Map of the process itself, so that it shows what is asked of any store. */
const SHARED = ['file', 'redis', 'postgres'];

function steadyCases() {
  const cases = [];
  for (const transport of ['plain', 'tls']) {
    for (const size of Object.keys(SIZES)) {
      for (const concurrency of [1, 64, 256]) {
        const name = `steady/${concurrency}/${size}/${transport}`;
        cases.push({ name, kind: 'steady', needs: 'get', transport, concurrency, path: SIZES[size] });
      }
    }
  }
  return cases;
}

/** `subject`: whom the others are compared with, where it is not token-rotator itself. */
const common = { transport: 'plain', concurrency: SOCKETS, path: SIZES.small };
const steady64 = { ...common, kind: 'steady', concurrency: 64 };
const streamed = { ...common, ...STREAMED, kind: 'transfer', needs: 'stream', concurrency: 1 };

const CASES = [
  ...steadyCases(),
  { ...steady64, name: 'steady/64/small/h2', needs: 'http2', transport: 'h2' },
  { ...steady64, name: 'steady/64/16k-gzip/plain', needs: 'gzip', path: '/gzip16k' },
  { ...steady64, name: 'fetch/64/small/plain', needs: 'fetch', call: 'fetch' },
  { ...steady64, name: 'stores/64/small/plain', needs: 'stores' },
  { ...steady64, name: 'adapter/64/small/plain', needs: 'adapter', subject: 'axios-adapter' },
  { ...streamed, name: 'download/1g', direction: 'download', path: '/stream' },
  { ...streamed, name: 'upload/1g', direction: 'upload', path: '/sink' },
  { ...common, name: `storm/${STORM_REQUESTS}`, kind: 'storm', needs: 'refresh', requests: STORM_REQUESTS },
  {
    ...common,
    name: `axios-storm/${STORM_REQUESTS}`,
    kind: 'storm',
    needs: 'axios',
    subject: 'axios-token-rotator',
    requests: STORM_REQUESTS,
  },
  ...SESSIONS.map((sessions) => ({
    ...steady64,
    name: `sessions/${sessions}`,
    kind: 'sessions',
    needs: 'sessions',
    sessions,
  })),
  ...BATCHES.map((batch) => ({
    ...common,
    name: `access-token/${batch}`,
    kind: 'calls',
    needs: 'accessToken',
    batch,
  })),
  { ...common, name: `memory/${QUEUED_REQUESTS}`, kind: 'memory', needs: 'queue', requests: QUEUED_REQUESTS },
  ...['register', ...SHARED].map((store) => ({
    ...common,
    name: `fleet/${store}`,
    kind: 'fleet',
    needs: 'fleet',
    store,
    isShared: SHARED.includes(store),
  })),
  { name: 'require', kind: 'require' },
];

module.exports = { CASES };
