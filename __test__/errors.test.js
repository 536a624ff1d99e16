'use strict';

const { inspect } = require('node:util');
const vm = require('node:vm');
const errors = require('../lib/errors.js');
const { errorFromNative, keep } = require('../lib/crossing/native-errors.js');

const { ERROR_CODES, invalidOption, TokenRotatorError } = errors;
const SECRET = 's3cr3t-marker';

/** `thrown`: the value that user code threw. */
const fromNative = (raw, ...thrown) => errorFromNative([...raw, ...thrown.map(keep)]);

const CLASS_OF = {
  ERR_REFRESH_TIMEOUT: 'RefreshTimeoutError',
  ERR_REFRESH_FAILED: 'RefreshError',
  ERR_REFRESH_MALFORMED: 'RefreshError',
  ERR_SESSION_LOST: 'SessionLostError',
  ERR_STORE_UNAVAILABLE: 'StoreError',
  ERR_STORE_CORRUPT: 'StoreError',
  ERR_LOCK_TIMEOUT: 'StoreError',
  ERR_QUEUE_FULL: 'QueueFullError',
  ERR_TIMEOUT: 'TimeoutError',
  ERR_NETWORK: 'NetworkError',
  ERR_HTTP_STATUS: 'HttpError',
  ERR_CLIENT_CLOSED: 'ClientClosedError',
};

describe('errorFromNative', () => {
  test.each(ERROR_CODES)('%s has its class', (code) => {
    const error = fromNative([code, 'message', true, null, null]);
    const name = CLASS_OF[code] ?? 'TokenRotatorError';
    expect(error).toBeInstanceOf(errors[name]);
    expect(error).toBeInstanceOf(TokenRotatorError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name, code, message: 'message', retryable: true });
    expect(error.sessionLost).toBe(code === 'ERR_SESSION_LOST');
    expect(error.stack).toMatch(new RegExp(`^${name}: message\n`));
    expect(Object.hasOwn(error, 'cause')).toBe(false);
    expect(Object.hasOwn(error, 'retryAfter')).toBe(false);
  });

  test('detail becomes the field of its class', () => {
    expect(fromNative(['ERR_SESSION_LOST', 'm', false, 'logged_out', null]).reason).toBe('logged_out');
    expect(fromNative(['ERR_TIMEOUT', 'm', true, 'queue', null]).phase).toBe('queue');
    expect(fromNative(['ERR_REFRESH_FAILED', 'm', true, null, 1500]).retryAfter).toBe(1500);
    expect(fromNative(['ERR_REFRESH_FAILED', 'm', true, null, 1500.2]).retryAfter).toBe(1501);
    expect(fromNative(['ERR_REFRESH_FAILED', 'm', true, null, 0]).retryAfter).toBe(0);
  });

  test('a network error gets a cause with the code of Node', () => {
    const { cause } = fromNative(['ERR_NETWORK', 'refused', true, 'ECONNREFUSED', null]);
    expect(cause).toMatchObject({ message: 'refused', code: 'ECONNREFUSED' });
    expect(Object.hasOwn(fromNative(['ERR_NETWORK', 'm', true, null, null]), 'cause')).toBe(false);
    const own = new Error('own');
    expect(fromNative(['ERR_NETWORK', 'm', true, 'EPIPE', null], own).cause).toBe(own);
  });

  test.each([[new Error('x')], [null], [0], [''], [false], [{ a: 1 }], ['text']])(
    'the cause %p stays itself',
    (cause) => {
      expect(fromNative(['ERR_REFRESH_FAILED', 'm', false, null, null], cause).cause).toBe(cause);
    },
  );

  test.each([[new Error('x')], [undefined], [null], ['ERR_NETWORK'], [[]], [[7]], [{}]])(
    '%p passes through',
    (raw) => {
      expect(errorFromNative(raw)).toBe(raw);
    },
  );

  test('an unknown code is still one of ours', () => {
    expect(fromNative(['ERR_NEW', 'm', false, null, null])).toBeInstanceOf(TokenRotatorError);
  });
});

describe('instanceof', () => {
  test('holds between two copies, by class', () => {
    let copy;
    jest.isolateModules(() => {
      copy = { ...require('../lib/errors.js'), ...require('../lib/crossing/native-errors.js') };
    });
    expect(copy.StoreError).not.toBe(errors.StoreError);
    const theirs = copy.errorFromNative(['ERR_LOCK_TIMEOUT', 'm', true, null, null]);
    expect(theirs instanceof errors.StoreError).toBe(true);
    expect(theirs instanceof TokenRotatorError).toBe(true);
    expect(theirs instanceof errors.RefreshError).toBe(false);
  });

  test('the base is not its subclasses', () => {
    expect(new TokenRotatorError('m', { code: 'ERR_REDIRECT' }) instanceof errors.RefreshError).toBe(false);
  });

  test.each([
    [null],
    [undefined],
    [7],
    ['x'],
    [{}],
    [new Error('x')],
    [vm.runInNewContext('new Error("x")')],
    [() => {}],
  ])('%p is none', (value) => {
    expect(value instanceof TokenRotatorError).toBe(false);
  });

  test('a subclass of the user is ordinary', () => {
    class Mine extends errors.RefreshError {}
    expect(new Mine('m') instanceof Mine).toBe(true);
    expect(new Mine('m') instanceof errors.RefreshError).toBe(true);
    expect(new errors.RefreshError('m') instanceof Mine).toBe(false);
  });
});

describe('constructors', () => {
  test.each([
    ['RefreshTimeoutError', 'ERR_REFRESH_TIMEOUT'],
    ['RefreshError', 'ERR_REFRESH_FAILED'],
    ['SessionLostError', 'ERR_SESSION_LOST'],
    ['StoreError', 'ERR_STORE_UNAVAILABLE'],
    ['QueueFullError', 'ERR_QUEUE_FULL'],
    ['TimeoutError', 'ERR_TIMEOUT'],
    ['NetworkError', 'ERR_NETWORK'],
    ['HttpError', 'ERR_HTTP_STATUS'],
    ['ClientClosedError', 'ERR_CLIENT_CLOSED'],
  ])('%s has a default code', (name, code) => {
    expect(new errors[name]('m')).toMatchObject({ name, code });
    expect(errors[name].name).toBe(name);
  });

  test('an option names itself and what it must be', () => {
    expect(invalidOption('refreshTimeout', 'a number of milliseconds ≥ 0')).toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: 'refreshTimeout must be a number of milliseconds ≥ 0',
    });
  });
});

describe('what is shown', () => {
  const axiosLike = () =>
    Object.assign(new Error('Request failed'), {
      config: { headers: { authorization: SECRET }, data: SECRET },
      response: { data: { access_token: SECRET } },
      [SECRET]: 1,
    });

  test.each([[axiosLike()], [SECRET], [{ [SECRET]: SECRET }], [[SECRET]], [Symbol(SECRET)], [() => SECRET]])(
    'no property of a cause',
    (cause) => {
      const error = fromNative(['ERR_REFRESH_FAILED', 'refresh failed', true, null, 5], cause);
      const wrapped = new TokenRotatorError('outer', { code: 'ERR_NETWORK', cause: error });
      for (const shown of [error, wrapped, [error], { error }]) {
        expect(inspect(shown, { depth: 9 })).not.toContain(SECRET);
        expect(JSON.stringify(shown)).not.toContain(SECRET);
      }
      expect(inspect(error)).toContain('[cause]');
      expect(inspect(error)).toContain('retryAfter: 5');
    },
  );

  test('a cause that cannot be read', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error(SECRET);
        },
        getPrototypeOf: () => {
          throw new Error(SECRET);
        },
      },
    );
    const error = fromNative(['ERR_REFRESH_FAILED', 'm', true, null, null], hostile);
    expect(inspect(error)).toContain('cannot be read');
  });

  test('a cause that is its own cause', () => {
    const error = new TokenRotatorError('round', { code: 'ERR_NETWORK' });
    error.cause = error;
    expect(inspect(error)).toContain('[cause]: TokenRotatorError: round');
  });

  test('JSON is the five plain facts', () => {
    const error = fromNative(['ERR_SESSION_LOST', 'gone', false, 'rejected', null], new Error(SECRET));
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'SessionLostError',
      code: 'ERR_SESSION_LOST',
      message: 'gone',
      retryable: false,
      sessionLost: true,
    });
  });

  test('the response of an HttpError is there and not enumerable', () => {
    const response = { secret: SECRET };
    const error = new errors.HttpError('status 500', { response });
    expect(error.response).toBe(response);
    expect(Object.keys(error)).toEqual(['code', 'retryable', 'sessionLost']);
    expect(inspect(error)).not.toContain(SECRET);
  });
});
