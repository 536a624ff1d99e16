'use strict';

// How often an instance asks the engine, which costs each request some microseconds: once for a token, once for all that are rejected
// with it, and once for all that a server accepts.

const axios = require('axios');
const { Authoriser } = require('../../lib/external/authoriser.js');
const { installAuthRefresh, setAuthHeaders } = require('../../lib/axios.js');
const { SharedStorage } = require('../../lib/axios/session/shared-storage.js');

const REQUESTS = 8;
const NOTHING = { authorise: 0, rejected: 0, accepted: 0, epoch: 0 };
const bearer = (token) => `Bearer ${token}`;

/** An instance whose server takes the token `valid`. `hold()` holds the answers of the next requests until `release()`. */
function useInstance(options) {
  const held = [];
  let isHeld = false;
  const made = {
    valid: 'first',
    hold: () => (isHeld = true),
    release() {
      isHeld = false;
      for (const answer of held.splice(0)) answer();
    },
    held,
  };
  const adapter = (config) =>
    new Promise((resolve, reject) => {
      const status = config.headers.get('Authorization') === bearer(made.valid) ? 200 : 401;
      const response = { status, data: '', statusText: '', headers: {}, config };
      const answer = () =>
        status === 200 ? resolve(response) : reject(new axios.AxiosError('401', 'X', config, {}, response));
      if (isHeld) held.push(answer);
      else answer();
    });
  const api = axios.create({ baseURL: 'http://api.invalid', adapter });
  const stored = { accessToken: 'first', refreshToken: 'r' };
  const { uninstall } = installAuthRefresh(api, {
    getTokens: async () => stored,
    setTokens: async (next) => void Object.assign(stored, next),
    refresh: async () => ({ accessToken: made.valid }),
    ...options,
  });
  return Object.assign(made, {
    uninstall,
    login: (token) => setAuthHeaders(api, token),
    all: () => Promise.all(Array.from({ length: REQUESTS }, () => api.get('/'))),
  });
}

let asked;
beforeEach(() => {
  asked = { authorise: 0, rejected: 0, accepted: 0, epoch: 0 };
  const { get } = Object.getOwnPropertyDescriptor(Authoriser.prototype, 'epoch');
  jest.spyOn(Authoriser.prototype, 'epoch', 'get').mockImplementation(function counted() {
    asked.epoch += 1;
    return get.call(this);
  });
  for (const name of ['authorise', 'rejected', 'accepted']) {
    const original = Authoriser.prototype[name];
    jest.spyOn(Authoriser.prototype, name).mockImplementation(function counted(...args) {
      asked[name] += 1;
      return original.apply(this, args);
    });
  }
});
afterEach(() => jest.restoreAllMocks());

/** What `work` asks. */
async function during(work) {
  for (const name of Object.keys(asked)) asked[name] = 0;
  await work();
  return { ...asked };
}

test('a token that is at hand is asked for once, before a rotation and after it', async () => {
  const instance = useInstance();
  await instance.all();
  expect(await during(instance.all)).toEqual(NOTHING);
  instance.valid = 'second';
  expect(await during(instance.all)).toMatchObject({ rejected: 1, accepted: 1 });
  expect(await during(instance.all)).toEqual(NOTHING);
  instance.uninstall();
});

test('rejections that come after the rotation ask no more', async () => {
  const instance = useInstance();
  await instance.all();
  instance.valid = 'second';
  instance.hold();
  const late = instance.all();
  while (instance.held.length < REQUESTS) await new Promise(setImmediate);
  const others = instance.held.splice(1);
  // The first is rejected, and the rotation for it ends.
  instance.release();
  await instance.all();
  instance.held.push(...others);
  expect(
    await during(async () => {
      instance.release();
      await late;
    }),
  ).toEqual(NOTHING);
  instance.uninstall();
});

test('rejections of the login before ask nothing but which login it is', async () => {
  const instance = useInstance();
  await instance.all();
  instance.valid = 'other';
  instance.hold();
  const late = instance.all();
  while (instance.held.length < REQUESTS) await new Promise(setImmediate);
  const others = instance.held.splice(0);
  instance.release();
  instance.login('other');
  await instance.all();
  instance.held.push(...others);
  const found = await during(async () => {
    instance.release();
    await expect(late).rejects.toMatchObject({ response: { status: 401 } });
  });
  expect(found).toEqual({ ...NOTHING, epoch: REQUESTS });
  instance.uninstall();
});

test('a storage counts as shared while a second instance uses it, and not while one writes', () => {
  const storage = new SharedStorage();
  storage.enter();
  storage.hold();
  expect(storage.isShared).toBe(false);
  storage.leave();
  storage.enter();
  expect(storage.isShared).toBe(true);
  const { name } = storage;
  storage.leave();
  storage.leave();
  storage.hold();
  storage.enter();
  expect(storage).toMatchObject({ name, isShared: true });
  for (let users = 2; users > 0; users -= 1) storage.leave();
  storage.enter();
  expect(storage.isShared).toBe(false);
  expect(storage.name).not.toBe(name);
});
