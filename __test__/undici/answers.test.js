'use strict';

// What the caller's handler sees of it all: one beginning and one answer.

const { once } = require('node:events');
const { Pool } = require('undici');
const { clientFor, closeServers, serve, serveExpired, serveRaw } = require('../requests/servers.js');
const { ask, dataOf, names, record, useDispatchers, waiting } = require('./dispatchers.js');

const { keep, through } = useDispatchers();
afterEach(closeServers);

const SECOND = { refresh: () => ({ accessToken: 'second' }) };
const ONE_ANSWER = ['onRequestStart', 'onResponseStart', 'onResponseData', 'onResponseEnd'];

test('of two sendings: one beginning and one answer', async () => {
  const { server, client } = await serveExpired((_, response) => response.end('done'));
  const calls = await record(through(client), { origin: server.url }).ended;
  expect(calls).toEqual([
    ['onRequestStart'],
    ['onResponseStart', 200],
    ['onResponseData', 'done'],
    ['onResponseEnd', {}],
  ]);
  expect(server.seen).toHaveLength(2);
});

test('undici’s other calls and what it says of the request come through', async () => {
  const { server, client } = await serveExpired((_, response) => response.end('done'));
  const inside = [
    (dispatch) => (options, handler) => {
      const { onRequestStart } = handler;
      const says = {
        onRequestStart: (controller) => onRequestStart.call(handler, controller, { said: 'so' }),
      };
      return dispatch(options, Object.setPrototypeOf(says, new Proxy(handler, bound)));
    },
  ];
  const bound = { get: (target, name) => target[name]?.bind?.(target) };
  const onResponseStarted = jest.fn();
  let context;
  const handler = {
    onRequestStart: (_, given) => (context = given),
    onResponseStart() {},
    onResponseData() {},
    onResponseStarted,
  };
  await new Promise((resolve) => {
    handler.onResponseEnd = resolve;
    through(client, { inside }).dispatch({ origin: server.url, path: '/', method: 'GET' }, handler);
  });
  expect(onResponseStarted).toHaveBeenCalledTimes(2);
  expect(context).toEqual({ said: 'so', tokenRotator: { attempts: 2, replays: 1, replayError: undefined } });
});

test('an answer to HEAD, and one without a body', async () => {
  const { server, client } = await serveExpired((_, response) => response.end());
  const api = through(client);
  const calls = await record(api, { origin: server.url, method: 'HEAD' }).ended;
  expect(names(calls)).toEqual(['onRequestStart', 'onResponseStart', 'onResponseEnd']);
  expect(server.seen).toHaveLength(2);
});

test('trailers and 1xx answers come through, of the answer that is the caller’s', async () => {
  const { server, client } = await serveExpired((request, response) => {
    const { statusCode } = response;
    response.writeEarlyHints({ link: '</a>; rel=preload' });
    response.writeHead(statusCode, { trailer: 'x-sum' });
    response.write('done');
    response.addTrailers({ 'x-sum': String(statusCode) });
    response.end();
  });
  const calls = await record(through(client), { origin: server.url }).ended;
  const answer = calls.filter(([, status]) => status !== 103);
  expect(names(answer)).toEqual(ONE_ANSWER);
  expect(answer.at(-1)).toEqual(['onResponseEnd', { 'x-sum': '200' }]);
  expect(calls).toContainEqual(['onResponseStart', 103]);
  expect((await ask(through(client), server.url)).trailers).toEqual({ 'x-sum': '200' });
});

describe('a 401 that is the caller’s after all', () => {
  const REASONS = {
    'another login': async (client) => client.setTokens({ accessToken: 'other' }),
    'a body that was used up': async () => {},
  };
  const ENDLESS = 'and so on';
  describe.each(Object.keys(REASONS))('%s', (reason) => {
    /** A request whose 401 waits for a rotation, during which `meanwhile` is called, and ends up at its caller. */
    async function given(text, on = {}, meanwhile = () => {}) {
      let closed;
      const server = await serve((_, response) => {
        closed = once(response, 'close');
        response.writeHead(401, { trailer: 'x-sum' });
        response.write(text);
        if (text === ENDLESS) return;
        response.addTrailers({ 'x-sum': '1' });
        response.end();
      });
      const { asked, answer, client } = waiting(server);
      const body = reason === 'another login' ? undefined : (async function* () {})();
      const recorded = record(through(client), { origin: server.url, method: 'POST', body }, on);
      await asked;
      await meanwhile(recorded.controller);
      expect(names(recorded.calls)).toEqual(['onRequestStart']);
      await REASONS[reason](client);
      answer();
      const calls = await recorded.ended;
      await client.close();
      return { calls, closed };
    }

    test.each([
      ['none', ''],
      ['a short one', 'no'],
      ['one of a megabyte', 'n'.repeat(1_000_000)],
    ])('with its whole body: %s', async (_size, text) => {
      const { calls } = await given(text);
      expect(calls.slice(0, 2)).toEqual([['onRequestStart'], ['onResponseStart', 401]]);
      expect(dataOf(calls) === text).toBe(true);
      expect(calls.at(-1)).toEqual(['onResponseEnd', { 'x-sum': '1' }]);
    });

    /** Pauses, and resumes in a later turn; `early()` counts the data that came between. */
    function pausing() {
      let paused = false;
      let early = 0;
      const pause = (controller) => {
        paused = true;
        controller.pause();
        setImmediate(() => {
          paused = false;
          controller.resume();
        });
      };
      const data = (controller) => {
        early += paused;
        pause(controller);
      };
      return { early: () => early, pause, data };
    }

    test('to a handler that pauses, in its time', async () => {
      const { pause, data, early } = pausing();
      const text = 'n'.repeat(300_000);
      const { calls } = await given(text, { onResponseStart: pause, onResponseData: data });
      expect(names(calls).filter((name) => name === 'onResponseData').length).toBeGreaterThan(1);
      expect(dataOf(calls) === text).toBe(true);
      expect(early()).toBe(0);
    });

    test('its head also to one that paused while it waited', async () => {
      const { pause, data, early } = pausing();
      const on = { onResponseStart: pause, onResponseData: data };
      const { calls } = await given('n'.repeat(300_000), on, (controller) => controller.pause());
      expect(dataOf(calls)).toHaveLength(300_000);
      expect(early()).toBe(0);
    });

    test('not before it is known, whatever the handler does', async () => {
      const { calls } = await given('no', {}, async (controller) => {
        controller.pause();
        controller.resume();
        await new Promise(setImmediate);
      });
      expect(dataOf(calls)).toBe('no');
    });

    test.each(['onResponseStart', 'onResponseData', 'onResponseEnd'])(
      'to a handler that throws in %s, which is told so',
      async (name) => {
        const error = new Error('of the handler');
        const on = {
          [name]() {
            throw error;
          },
        };
        const { calls } = await given('no', on);
        expect(calls.at(-1)).toEqual(['onResponseError', error]);
        expect(names(calls).filter((called) => called === 'onResponseError')).toHaveLength(1);
      },
    );

    test('to a handler that throws after a pause, which is told so; the rest is not wanted', async () => {
      const { pause } = pausing();
      const error = new Error('of the handler');
      const on = {
        onResponseStart: pause,
        onResponseData() {
          throw error;
        },
      };
      const { calls, closed } = await given(ENDLESS, on);
      expect(calls.at(-1)).toEqual(['onResponseError', error]);
      await closed;
    });
  });
});

test.each(['onResponseStart', 'onResponseData', 'onResponseEnd'])(
  'a handler that throws in %s is told so, once',
  async (name) => {
    const { server, client } = await serveExpired((_, response) => response.end('done'));
    const reason = new Error('of the handler');
    const on = {
      [name]() {
        throw reason;
      },
    };
    const { calls } = record(through(client), { origin: server.url }, on);
    while (names(calls).at(-1) !== 'onResponseError') await new Promise(setImmediate);
    expect(calls.at(-1)).toEqual(['onResponseError', reason]);
    expect(names(calls).filter((called) => called === 'onResponseError')).toHaveLength(1);
  },
);

describe('upgrades', () => {
  const HEAD = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n';

  test('carry the token, and are sent again after a 401', async () => {
    const server = await serveRaw((socket, head) => {
      if (!head.includes('Bearer second'))
        return socket.end('HTTP/1.1 401 No\r\ncontent-length: 2\r\n\r\nno');
      socket.write(HEAD);
      socket.on('data', (data) => socket.write(data));
    });
    const api = through(clientFor(server, SECOND), { base: keep(new Pool(server.url)) });
    const origin = new URL(server.url);
    const { socket } = await api.upgrade({ origin, path: '/', protocol: 'echo' });
    socket.write('there and back');
    const [data] = await once(socket, 'data');
    expect(String(data)).toBe('there and back');
    socket.destroy();
  });

  test('a 401 that stays one is what undici makes of it', async () => {
    const server = await serveRaw((socket) => socket.end('HTTP/1.1 401 No\r\ncontent-length: 2\r\n\r\nno'));
    let count = 0;
    const client = clientFor(server, { refresh: () => ({ accessToken: `new-${(count += 1)}` }) });
    const upgrade = through(client).upgrade({ origin: server.url, path: '/', protocol: 'echo' });
    await expect(upgrade).rejects.toMatchObject({ message: 'bad upgrade' });
  });
});
