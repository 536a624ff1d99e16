'use strict';

const { useHarness } = require('../support/harness.js');
const { THROWING, callsSettled, rejection, situation } = require('./misbehaviours.js');
const { column } = require('./table.js');

const { serve, client, track } = useHarness();

const run = (outcomes) => async (misbehaviour, outcome) => {
  await outcomes[outcome](misbehaviour);
  await callsSettled();
};

describe('isSessionExpired', () => {
  /** An API that says "expired" with 419, and a callback whose good answer is yes. */
  async function start(misbehaviour) {
    const server = await serve();
    const call = () => track(api.get('/api/inner'));
    const { act, thrown } = situation(misbehaviour, { good: () => true, call });
    const isSessionExpired = jest.fn(() => true).mockImplementationOnce(act);
    const onHookError = jest.fn();
    const api = client(server, { tokens: server.login('ada'), isSessionExpired, onHookError });
    const get = () => track(api.get('/api/orders'));
    return { server, get, act, isSessionExpired, onHookError, thrown };
  }

  async function yes(misbehaviour) {
    const { server, get, onHookError } = await start(misbehaviour);
    server.fault({ at: 'api', kind: 'status', status: 419 });
    expect(await get()).toMatchObject({ status: 200, replays: 1 });
    expect(onHookError).not.toHaveBeenCalled();
  }

  const OUTCOMES = {
    done: yes,
    yes,

    async no(misbehaviour) {
      const { server, get, onHookError } = await start(misbehaviour);
      server.expire();
      expect(await get()).toMatchObject({ status: 401, replays: 0 });
      expect(server.ledger.counts.tokenRequests).toBe(0);
      expect(onHookError).not.toHaveBeenCalled();
    },

    async default(misbehaviour) {
      const { server, get, act, isSessionExpired, onHookError, thrown } = await start(misbehaviour);
      server.fault({ at: 'api', kind: 'status', status: 419 });
      expect(await get()).toMatchObject({ status: 419, replays: 0 });
      server.expire();
      isSessionExpired.mockImplementationOnce(act);
      expect(await get()).toMatchObject({ status: 200, replays: 1 });
      expectReported(onHookError, 'isSessionExpired', misbehaviour, thrown);
    },
  };

  test.each(column('`isSessionExpired`'))('that %s: %s', run(OUTCOMES));
});

describe('isRefreshFailureTerminal', () => {
  /** Its good answer is yes, to a failure that is none by default. */
  async function start(misbehaviour, refused) {
    const server = await serve();
    const tokens = server.login('ada');
    server.expire();
    const call = () => track(api.get('/api/inner'));
    const { act, thrown } = situation(misbehaviour, { good: () => true, call });
    const refresh = () => Promise.reject(refused);
    const onHookError = jest.fn();
    const api = client(server, { tokens, refresh, isRefreshFailureTerminal: act, onHookError });
    return { error: await rejection(track(api.get('/api/orders'))), onHookError, thrown };
  }

  const unclear = () => new Error('unclear');
  const dead = () => Object.assign(new Error('dead'), { error: 'invalid_grant' });

  async function yes(misbehaviour) {
    const refused = unclear();
    const { error, onHookError } = await start(misbehaviour, refused);
    expect(error).toMatchObject({ code: 'ERR_SESSION_LOST', reason: 'rejected', sessionLost: true });
    expect(error.cause).toBe(refused);
    expect(onHookError).not.toHaveBeenCalled();
  }

  const OUTCOMES = {
    done: yes,
    yes,

    async no(misbehaviour) {
      const { error, onHookError } = await start(misbehaviour, dead());
      expect(error).toMatchObject({ code: 'ERR_REFRESH_FAILED', sessionLost: false });
      expect(onHookError).not.toHaveBeenCalled();
    },

    async default(misbehaviour) {
      const kept = await start(misbehaviour, unclear());
      expect(kept.error.code).toBe('ERR_REFRESH_FAILED');
      const lost = await start(misbehaviour, dead());
      expect(lost.error.code).toBe('ERR_SESSION_LOST');
      for (const { onHookError, thrown } of [kept, lost])
        expectReported(onHookError, 'isRefreshFailureTerminal', misbehaviour, thrown);
    },
  };

  test.each(column('`isRefreshFailureTerminal`'))('that %s: %s', run(OUTCOMES));
});

describe('header.format', () => {
  async function start(misbehaviour) {
    const server = await serve();
    let token;
    const call = () => track(api.get('/public/inner'));
    const { act, thrown } = situation(misbehaviour, { good: () => `Own ${token}`, call });
    const format = jest.fn((given) => {
      token = given;
      return act();
    });
    const tokens = server.login('ada');
    const api = client(server, { tokens, header: { name: 'x-key', format } });
    return { server, tokens, format, get: () => track(api.get('/public/orders')), thrown };
  }

  const OUTCOMES = {
    async done(misbehaviour) {
      const { tokens, format, get } = await start(misbehaviour);
      const expected = misbehaviour === 'returns a string' ? 'text' : `Own ${tokens.accessToken}`;
      for (let times = 0; times < 2; times += 1) {
        const { headers } = await (await get()).json();
        expect(headers['x-key'] === expected).toBe(true);
      }
      expect(format).toHaveBeenCalledTimes(1);
    },

    async refused(misbehaviour) {
      const { server, get, thrown } = await start(misbehaviour);
      const requests = jest.fn();
      server.on('request', requests);
      const error = await rejection(get());
      expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', retryable: false });
      expect(error.message).toContain('header.format');
      const own = THROWING.has(misbehaviour) && !/^rejects|thenable/.test(misbehaviour);
      expect(own ? Object.is(error.cause, thrown) : error.cause instanceof TypeError).toBe(true);
      expect(requests).not.toHaveBeenCalled();
    },
  };

  test.each(column('`header.format`'))('that %s: %s', run(OUTCOMES));
});

/** Every time with what it threw, or with a TypeError that asks for an answer at once. */
function expectReported(onHookError, name, misbehaviour, thrown) {
  expect(onHookError).toHaveBeenCalled();
  const own = THROWING.has(misbehaviour) && !/^rejects|thenable/.test(misbehaviour);
  for (const [error, hook] of onHookError.mock.calls) {
    expect(hook).toBe(name);
    expect(own ? Object.is(error, thrown) : error instanceof TypeError).toBe(true);
  }
}
