'use strict';

// Signals of old polyfills, such as abort-controller's, which have no `reason`. Without a reason of the client's own, whatever they
// abort would reject with `undefined`.

const axios = require('axios');
const { once } = require('node:events');
const { axiosAdapter } = require('../../lib/axios.js');
const { clientFor, closeServers, failure, serve, serveRaw } = require('./servers.js');

afterEach(closeServers);

class OldSignal extends EventTarget {
  aborted = false;
  listeners = 0;

  addEventListener(...args) {
    this.listeners += 1;
    super.addEventListener(...args);
  }

  removeEventListener(...args) {
    this.listeners -= 1;
    super.removeEventListener(...args);
  }

  get [Symbol.toStringTag]() {
    return 'AbortSignal';
  }
}

function oldController() {
  const signal = new OldSignal();
  const abort = () => {
    signal.aborted = true;
    signal.dispatchEvent(new Event('abort'));
  };
  return { signal, abort };
}

const ABORTED = { name: 'AbortError', message: 'This operation was aborted' };
const HEAD = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

/** Rejects with whatever comes, `undefined` too. */
const reasonOf = (promise) =>
  promise.then(
    () => 'no rejection',
    (reason) => reason,
  );

describe.each([
  ['client.get', (client, signal) => client.get('/', { signal })],
  ['client.post of a stream', (client, signal) => client.post('/', new ReadableStream(), { signal })],
  ['client.fetch', (client, signal) => client.fetch('/', { signal })],
  [
    'client.fetch of a stream',
    (client, signal) =>
      client.fetch('/', { method: 'POST', body: new ReadableStream(), duplex: 'half', signal }),
  ],
])('%s', (_name, call) => {
  test('rejects with an AbortError if the signal was aborted before', async () => {
    const server = await serve();
    const { signal, abort } = oldController();
    abort();
    expect(await reasonOf(call(clientFor(server), signal))).toMatchObject(ABORTED);
    expect(server.sockets.size).toBe(0);
  });

  test('rejects with one AbortError for all requests if the signal is aborted on the wire', async () => {
    const server = await serveRaw((socket) => server.server.emit('head', socket));
    const { signal, abort } = oldController();
    const client = clientFor(server);
    const pending = [reasonOf(call(client, signal)), reasonOf(call(client, signal))];
    await once(server.server, 'head');
    abort();
    const [one, other] = await Promise.all(pending);
    expect(one).toMatchObject(ABORTED);
    expect(other).toBe(one);
    expect(signal.listeners).toBe(0);
  });
});

describe('a body', () => {
  const WAYS = [
    ['client.get', (client, signal) => client.get('/', { signal })],
    ['client.fetch', (client, signal) => client.fetch('/', { signal })],
  ];
  const READERS = [
    ['text', (response) => response.text()],
    ['its stream', (response) => response.body.getReader().read()],
  ];
  const CASES = WAYS.flatMap(([way, call]) => READERS.map(([how, read]) => [way, how, call, read]));

  test.each(CASES)('of %s that is read with %s fails with an AbortError', async (_way, _how, call, read) => {
    const server = await serveRaw((socket) => socket.write(HEAD));
    const { signal, abort } = oldController();
    const client = clientFor(server);
    const [one, other] = await Promise.all([call(client, signal), call(client, signal)]);
    const pending = reasonOf(read(one));
    abort();
    expect(await pending).toMatchObject(ABORTED);
    expect(await reasonOf(read(other))).toBe(await pending);
  });
});

test('client.fetch gives no body that is held once the signal is aborted', async () => {
  const server = await serve();
  const { signal, abort } = oldController();
  const response = await clientFor(server).fetch('/', { signal });
  abort();
  expect(await reasonOf(response.text())).toMatchObject(ABORTED);
});

describe('axios', () => {
  test('cancels, also beside a cancelToken', async () => {
    const server = await serveRaw((socket) => server.server.emit('head', socket));
    const api = axios.create({ baseURL: server.url, adapter: axiosAdapter(clientFor(server)) });
    for (const cancelToken of [undefined, axios.CancelToken.source().token]) {
      const { signal, abort } = oldController();
      const pending = failure(api.get('/', { signal, cancelToken }));
      await once(server.server, 'head');
      abort();
      expect(await pending).toMatchObject({ code: 'ERR_CANCELED' });
      expect(axios.isCancel(await pending)).toBe(true);
    }
  });

  test('is cancelled by the token beside such a signal, and leaves no listener', async () => {
    const server = await serveRaw((socket) => server.server.emit('head', socket));
    const api = axios.create({ baseURL: server.url, adapter: axiosAdapter(clientFor(server)) });
    const { signal } = oldController();
    const source = axios.CancelToken.source();
    const pending = failure(api.get('/', { signal, cancelToken: source.token }));
    await once(server.server, 'head');
    source.cancel('enough');
    expect(await pending).toMatchObject({ code: 'ERR_CANCELED', message: 'enough' });
    expect(signal.listeners).toBe(0);
  });
});
