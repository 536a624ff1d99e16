'use strict';

const { useHarness } = require('../support/harness.js');
const { THROWING, callsSettled, situation, withResolvers } = require('./misbehaviours.js');
const { column } = require('./table.js');

const { serve, client, store, track } = useHarness();

const unavailable = { at: 'before-rotate', kind: 'status', status: 503, body: {} };
const failOnce = () => {
  throw new Error('disk full');
};

/** For each hook: what makes it be called, and how the request that does so must end whatever the hook does. */
const TRIGGERS = {
  onBeforeRefresh: { ends: 200 },
  onRefreshed: { ends: 200 },
  onRefreshFailed: { fault: unavailable, ends: 'ERR_REFRESH_FAILED' },
  onPersistFailed: { setTokens: failOnce, ends: 200 },
  onSuperseded: { overtaken: true, ends: 401 },
  logout: { revoked: true, ends: 'ERR_SESSION_LOST' },
  onHookError: { onBeforeRefresh: failOnce, ends: 200 },
  'logger.debug': { ends: 200 },
  'logger.error': { fault: unavailable, ends: 'ERR_REFRESH_FAILED' },
};

async function start(hook, misbehaviour) {
  const { fault, setTokens, revoked, overtaken, onBeforeRefresh, ends } = TRIGGERS[hook];
  const server = await serve();
  const shelf = store('sync', server.login('ada'));
  server.expire();
  if (fault) server.fault(fault);
  if (revoked) server.revoke();
  if (overtaken) server.fault({ at: 'after-rotate', kind: 'hang' });

  const { promise: called, resolve: call } = withResolvers();
  const { promise: told, resolve: tell } = withResolvers();
  const inner = () => track(api.get('/api/inner'));
  const { act, thrown, end } = situation(misbehaviour, { good: () => undefined, call: inner });
  const callback = jest.fn().mockImplementationOnce(() => {
    call();
    return act();
  });
  const onHookError = jest.fn(() => tell());
  const callbacks = { ...shelf.callbacks, onHookError };
  callbacks.setTokens = jest.fn(callbacks.setTokens);
  if (setTokens) callbacks.setTokens.mockImplementationOnce(setTokens);
  if (onBeforeRefresh) callbacks.onBeforeRefresh = jest.fn().mockImplementationOnce(onBeforeRefresh);
  const [object, method] = hook.split('.');
  if (method) callbacks.logger = { debug() {}, error() {}, [method]: callback };
  else callbacks[object] = callback;
  const api = client(server, { ...callbacks, maxRetries: 0 });

  const request = track(api.get('/api/orders'));
  if (overtaken) {
    await server.waitFor((ledger) => ledger.hanging === 1);
    await track(api.setTokens(null));
    server.release();
  }
  const ended = await request.then(
    ({ status }) => status,
    ({ code }) => code,
  );
  expect(ended).toBe(ends);
  await called;
  return { api, name: object, onHookError, told, thrown, end };
}

/** Turns enough for a promise that rejects to be seen. */
async function settle() {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}

const warnings = () =>
  process.emitWarning.mock.calls.filter(([, { code } = {}]) => code === 'TOKEN_ROTATOR_HOOK');

const OUTCOMES = {
  async ignored(hook, misbehaviour) {
    const { onHookError, end } = await start(hook, misbehaviour);
    end();
    await settle();
    if (hook !== 'onHookError') expect(onHookError).not.toHaveBeenCalled();
    expect(warnings()).toEqual([]);
  },

  async reported(hook, misbehaviour) {
    const { name, onHookError, told, thrown } = await start(hook, misbehaviour);
    await told;
    expect(THROWING).toContain(misbehaviour);
    expect(onHookError).toHaveBeenCalledTimes(1);
    const [error, from] = onHookError.mock.calls[0];
    expect(Object.is(error, thrown)).toBe(true);
    expect(from).toBe(name);
    expect(warnings()).toEqual([]);
  },

  async warning(hook, misbehaviour) {
    await start(hook, misbehaviour);
    await settle();
    expect(warnings()).toEqual([
      ['onHookError threw; set onHookError to see what', { code: 'TOKEN_ROTATOR_HOOK' }],
    ]);
  },
};

const OF = { onHookError: '`onHookError`', 'logger.debug': '`logger`', 'logger.error': '`logger`' };

describe.each(Object.keys(TRIGGERS))('%s', (hook) => {
  const cells = column(OF[hook] ?? 'hooks');
  test.each(cells)('that %s: %s', async (misbehaviour, outcome) => {
    await OUTCOMES[outcome](hook, misbehaviour);
    await callsSettled();
  });
});

test('without onHookError, a warning names the hook and nothing it threw', async () => {
  const server = await serve();
  const tokens = server.login('ada');
  server.expire();
  const onRefreshed = ({ accessToken }) => {
    throw new Error(accessToken);
  };
  const api = client(server, { tokens, onRefreshed });
  expect((await track(api.get('/api/orders'))).status).toBe(200);
  await settle();
  expect(warnings()).toEqual([
    ['onRefreshed threw; set onHookError to see what', { code: 'TOKEN_ROTATOR_HOOK' }],
  ]);
});
