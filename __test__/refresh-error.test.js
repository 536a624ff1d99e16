'use strict';

const { once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const vm = require('node:vm');
const fc = require('fast-check');
const { describeRefreshError } = require('../lib/callbacks/refresh-error.js');
const { bodyOf, unreadAnswer } = require('../lib/callbacks/refresh-evidence.js');

const kindOf = (error, ...rest) => describeRefreshError(error, ...rest).kind;
const fail = (fields, message = 'failed') => Object.assign(new Error(message), fields);
const caused = (error, depth) => {
  for (let i = 0; i < depth; i++) error = new Error('outer', { cause: error });
  return error;
};
const named = (name, fields) => fail({ name, ...fields });
const oauth = (error) => ({ error, error_description: 'x' });

describe('an OAuth error', () => {
  test.each([
    ['invalid_grant', 'terminal'],
    ['bad_refresh_token', 'terminal'],
    ['invalid_client', 'unspent'],
    ['unauthorized_client', 'unspent'],
    ['incorrect_client_credentials', 'unspent'],
  ])('%s is %s, wherever clients put it', (code, kind) => {
    const places = [
      oauth(code),
      fail(oauth(code)),
      fail({ error: oauth(code) }),
      fail({ error: { code } }),
      fail({ body: oauth(code) }),
      fail({ body: JSON.stringify(oauth(code)) }),
      fail({ data: oauth(code) }),
      fail({ data: ` ${JSON.stringify(oauth(code))}` }),
      fail({ data: { payload: oauth(code) } }),
      fail({ response: { status: 400, data: oauth(code) } }),
      fail({ response: { statusCode: 400, body: oauth(code) } }),
      fail({ response: { body: JSON.stringify(oauth(code)) } }),
      fail({ code }),
      new Error(code),
      new Error(JSON.stringify(oauth(code))),
      code,
      JSON.stringify(oauth(code)),
      new Error('outer', { cause: fail(oauth(code)) }),
      caused(fail(oauth(code)), 5),
      new AggregateError([new Error('x'), fail(oauth(code))]),
      vm.runInNewContext(`Object.assign(new Error('x'), { error: '${code}' })`),
      fail({ status: 503, data: oauth(code) }),
      fail({ status: 401, data: oauth(code) }),
      fail({ error: null, response: { text: JSON.stringify(oauth(code)) } }),
      fail({ errorCode: code }),
      fail({ httpCode: 400, oauth2Code: code, parsedBody: oauth(code) }),
    ];
    expect(places.map((place) => kindOf(place))).toEqual(places.map(() => kind));
  });

  test.each([
    ['invalid_client', /^invalid_client: look at the client id and the client secret/],
    ['unauthorized_client', /^unauthorized_client: look at the client id, and at the grant types/],
    ['invalid_scope', /^invalid_scope: look at the scope/],
    ['invalid_request', /^invalid_request: look at the parameters/],
    ['unsupported_grant_type', /^unsupported_grant_type: look at the grant_type/],
    ['interaction_required', /^interaction_required: the user has to log in again/],
    ['invalid_grant', /^invalid_grant$/],
    ['my_s3cret_client', /^HTTP 400$/],
    ['deleted_client', /^invalid_client: /],
  ])('%s is told with the setting to look at', (code, said) => {
    expect(describeRefreshError(fail({ status: 400, data: oauth(code) })).said).toMatch(said);
  });

  test.each([
    [403, /^HTTP 403: look at what/],
    [404, /^HTTP 404: look at the URL of the token endpoint$/],
    [405, /^HTTP 405: look at the URL/],
    [415, /^HTTP 415: look at the content type/],
    [503, /^HTTP 503$/],
  ])('status %i without one is told too', (status, said) => {
    expect(describeRefreshError(fail({ status })).said).toMatch(said);
    expect(describeRefreshError(new Error('x')).said).toBe(undefined);
  });
});

test.each([
  ['capitals', oauth('INVALID_CLIENT')],
  ['white space', oauth(' invalid_client\n')],
  ['a list', { errors: [{ code: 'invalid_client' }] }],
  ['a form', 'error=incorrect_client_credentials&error_description=x'],
  ['bytes', Buffer.from('{"error":"invalid_client"}')],
  ['a byte order mark', '\ufeff{"error":"invalid_client"}'],
])('a wrong secret told as %s ends no session', (_, data) => {
  expect(kindOf(fail({ response: { status: 400, data } }))).toBe('unspent');
  expect(kindOf(fail({ status: 401, body: data }))).toBe('unspent');
});

describe("a 401 to the client's own Authorization header", () => {
  test.each(['Basic realm="token"', 'basic', 'Bearer, Basic realm="x"', 'Digest qop=auth', 'Negotiate'])(
    '%s is about the client',
    (challenge) => {
      const places = [
        fail({ status: 401, headers: { 'www-authenticate': challenge } }),
        fail({
          response: { status: 401, headers: new Headers({ 'www-authenticate': challenge }), data: '' },
        }),
        new Error('x', { cause: fail({ statusCode: 401, headers: { 'WWW-Authenticate': challenge } }) }),
        new Response(null, { status: 401, headers: { 'www-authenticate': challenge } }),
      ];
      expect(places.map((place) => kindOf(place))).toEqual(places.map(() => 'unspent'));
      expect(describeRefreshError(places[0]).said).toMatch(/client secret/);
    },
  );

  test('Bearer, or an OAuth error beside Basic, is about the token', () => {
    const of = (challenge, data) => fail({ status: 401, headers: { 'www-authenticate': challenge }, data });
    expect(kindOf(of('Bearer error="invalid_token", error_description="Basic"'))).toBe('terminal');
    expect(kindOf(of('Basic', oauth('invalid_grant')))).toBe('terminal');
  });
});

describe('an answer that nobody has read', () => {
  const answer = (code, status = 400) => Response.json(oauth(code), { status });
  const kindRead = async (error) => {
    const unread = unreadAnswer(error);
    return describeRefreshError(error, undefined, undefined, unread && (await bodyOf(unread))).kind;
  };

  test('is read: a Response that was thrown, or that is in the error of ky', async () => {
    expect(await kindRead(answer('invalid_client'))).toBe('unspent');
    expect(await kindRead(fail({ response: answer('invalid_client', 401) }))).toBe('unspent');
    expect(await kindRead(new Error('x', { cause: answer('invalid_request') }))).toBe('unknown');
    expect(await kindRead(answer('invalid_grant'))).toBe('terminal');
    expect(await kindRead(new Response(null, { status: 400 }))).toBe('terminal');
    const error = answer('invalid_client');
    await kindRead(error);
    expect(await error.json()).toEqual(oauth('invalid_client'));
  });

  test('is left alone if it is too long, broken or used', async () => {
    const long = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(40_000)) });
    expect(await kindRead(new Response(long, { status: 400 }))).toBe('terminal');
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('x')) });
    expect(await kindRead(new Response(broken, { status: 400 }))).toBe('terminal');
    const used = answer('invalid_client');
    await used.text();
    expect(unreadAnswer(used)).toBe(undefined);
    expect(unreadAnswer(answer('x', 503))).toBe(undefined);
  });
});

describe('terminal', () => {
  test.each([400, 401])('status %i without an OAuth error', (status) => {
    const places = [
      { status },
      fail({ status }),
      fail({ statusCode: status }),
      fail({ status: String(status) }),
      fail({ response: { status } }),
      fail({ response: { statusCode: status } }),
      fail({ output: { statusCode: status } }),
      new Error('outer', { cause: fail({ status }) }),
      fail({ status, data: { error: 'Unauthorized', message: 'Unauthorized' } }),
      fail({ status, data: '<html>' }),
      fail({ status, data: '{"error":' }),
      new Response(null, { status }),
    ];
    expect(places.map((place) => kindOf(place))).toEqual(places.map(() => 'terminal'));
  });

  test('another OAuth error on 400 is not', () => {
    for (const code of ['invalid_request', 'invalid_scope', 'temporarily_unavailable', 'slow_down']) {
      expect(kindOf(fail({ status: 400, data: oauth(code) }))).toBe('unknown');
    }
  });

  test('a cause too deep is not looked at', () => {
    expect(kindOf(caused(fail(oauth('invalid_grant')), 6))).toBe('unknown');
  });

  test.each([[403], [404], [409], [200], [302]])('status %i is unknown', (status) => {
    expect(kindOf(fail({ status }))).toBe('unknown');
  });
});

describe('unspent', () => {
  test.each([429, 500, 502, 503, 504, 599])('status %i', (status) => {
    expect(kindOf(fail({ status }))).toBe('unspent');
    expect(kindOf(fail({ response: { status, data: oauth('server_error') } }))).toBe('unspent');
    expect(kindOf(named('TimeoutError', { status, code: 'ECONNRESET' }))).toBe('unspent');
  });

  test.each([
    ...[
      'ECONNREFUSED',
      'ENOTFOUND',
      'EAI_AGAIN',
      'EAI_NODATA',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'UND_ERR_CONNECT_TIMEOUT',
    ],
    ...['ERR_INVALID_URL', 'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ...['SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('%s', (code) => {
    expect(kindOf(fail({ code }))).toBe('unspent');
    expect(kindOf(new TypeError('fetch failed', { cause: fail({ code }) }))).toBe('unspent');
    expect(kindOf(new Error('x', { cause: new AggregateError([fail({ code }), fail({ code })]) }))).toBe(
      'unspent',
    );
  });

  test('a timeout while connecting, as Node reports two addresses that do not answer', () => {
    const attempt = () => fail({ code: 'ETIMEDOUT', syscall: 'connect' });
    const both = Object.assign(new AggregateError([attempt(), attempt()]), { code: 'ETIMEDOUT' });
    expect(kindOf(attempt())).toBe('unspent');
    expect(kindOf(both)).toBe('unspent');
    expect(kindOf(fail({ code: 'ETIMEDOUT', cause: both }))).toBe('unspent');
  });
});

describe('ambiguous', () => {
  test.each([
    ...['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED'],
    ...['UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
  ])('%s', (code) => {
    expect(kindOf(fail({ code }))).toBe('ambiguous');
    expect(kindOf(new TypeError('fetch failed', { cause: fail({ code }) }))).toBe('ambiguous');
    expect(kindOf(fail({ code, response: { status: 200 } }))).toBe('ambiguous');
  });

  test('names and words', () => {
    expect(kindOf(new Error('socket hang up'))).toBe('ambiguous');
    expect(kindOf(named('AbortError'))).toBe('ambiguous');
    expect(kindOf(named('TimeoutError'))).toBe('ambiguous');
    expect(kindOf(new DOMException('x', 'TimeoutError'))).toBe('ambiguous');
    expect(kindOf(AbortSignal.abort().reason)).toBe('ambiguous');
  });

  test('an answer that came and could not be read', async () => {
    const unread = await new Response('<html>').json().catch((error) => error);
    expect(kindOf(unread)).toBe('ambiguous');
    expect(kindOf(new Error('refresh failed', { cause: unread }))).toBe('ambiguous');
  });

  test('one attempt that may have been sent outweighs others', () => {
    expect(kindOf(new AggregateError([fail({ code: 'ECONNREFUSED' }), fail({ code: 'ECONNRESET' })]))).toBe(
      'ambiguous',
    );
    const read = fail({ code: 'ETIMEDOUT', syscall: 'read' });
    expect(kindOf(new AggregateError([read, fail({ code: 'ETIMEDOUT', syscall: 'connect' })]))).toBe(
      'ambiguous',
    );
  });
});

describe('what Node really throws', () => {
  const listen = async (onSocket) => {
    const server = net.createServer(onSocket).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { server, url: `http://127.0.0.1:${server.address().port}/` };
  };
  const byFetch = (url, options) => fetch(url, options).catch((error) => error);
  const byHttp = async (url) => {
    const request = http.get(url);
    return (await once(request, 'error'))[0];
  };

  test.each([
    ['fetch', byFetch],
    ['http', byHttp],
  ])('%s: nobody listens', async (_name, send) => {
    const { server, url } = await listen();
    server.close();
    await once(server, 'close');
    expect(kindOf(await send(url))).toBe('unspent');
  });

  test.each([
    ['fetch', byFetch],
    ['http', byHttp],
  ])('%s: the server hangs up after reading the request', async (_name, send) => {
    const { server, url } = await listen((socket) => socket.once('data', () => socket.destroy()));
    expect(kindOf(await send(url))).toBe('ambiguous');
    server.close();
  });

  test('fetch: the signal aborts while the server thinks', async () => {
    const abort = new AbortController();
    const { server, url } = await listen((socket) =>
      socket.on('error', () => {}).once('data', () => abort.abort()),
    );
    expect(kindOf(await byFetch(url, { signal: abort.signal }))).toBe('ambiguous');
    server.close();
  });
});

describe('retryAfter', () => {
  const after = (headers, where = {}) =>
    describeRefreshError(fail({ status: 503, headers, ...where })).retryAfter;

  test.each([
    ['2', 2_000],
    [2, 2_000],
    [' 1.5 ', 1_500],
    ['0', 0],
    [['3', '4'], 3_000],
    ['999999', 3_600_000],
    ['-5', null],
    ['soon', null],
    ['', null],
    [null, null],
    [{}, null],
    [NaN, null],
    [Infinity, null],
  ])('%p', (value, expected) => {
    expect(after({ 'retry-after': value })).toBe(expected);
  });

  test('a date', () => {
    const at = (ms) => new Date(Date.now() + ms).toUTCString();
    expect(after({ 'retry-after': at(60_000) })).toBeGreaterThan(57_000);
    expect(after({ 'retry-after': at(60_000) })).toBeLessThanOrEqual(60_000);
    expect(after({ 'retry-after': at(-60_000) })).toBe(0);
    expect(after({ 'retry-after': at(1e9) })).toBe(3_600_000);
  });

  test('every kind of headers, on the error or its response', () => {
    class AxiosHeaders {
      'Retry-After' = '7';
      get(name) {
        return name.toLowerCase() === 'retry-after' ? this['Retry-After'] : undefined;
      }
    }
    for (const headers of [
      new Headers({ 'retry-after': '7' }),
      { 'Retry-After': '7' },
      { 'RETRY-AFTER': '7' },
      new AxiosHeaders(),
    ]) {
      expect(after(headers)).toBe(7_000);
      expect(after(undefined, { response: { headers } })).toBe(7_000);
      expect(describeRefreshError(new Error('x', { cause: fail({ headers }) })).retryAfter).toBe(7_000);
    }
    expect(after(undefined)).toBe(null);
  });
});

describe('the predicate of the user', () => {
  test.each([
    [true, 'terminal'],
    [1, 'terminal'],
    ['yes', 'terminal'],
    [{}, 'terminal'],
    [false, 'unknown'],
    [undefined, 'unknown'],
    [0, 'unknown'],
  ])('%p', (answer, kind) => {
    const onHookError = jest.fn();
    const error = fail({ status: 401 });
    const predicate = jest.fn(() => answer);
    expect(kindOf(error, predicate, onHookError)).toBe(kind);
    expect(predicate.mock.calls).toEqual([[error]]);
    expect(onHookError).not.toHaveBeenCalled();
  });

  test('false leaves the other kinds', () => {
    expect(kindOf(fail({ status: 503 }), () => false)).toBe('unspent');
    expect(kindOf(fail({ code: 'ECONNRESET' }), () => false)).toBe('ambiguous');
    expect(kindOf(fail({ status: 401, code: 'ECONNRESET' }), () => false)).toBe('ambiguous');
    expect(kindOf(fail({ status: 503 }), () => true)).toBe('terminal');
  });

  const bug = new Error('bug');
  const doomed = [
    () => {
      throw bug;
    },
    () => Promise.reject(bug),
    async () => true,
    () => ({
      then() {
        throw bug;
      },
    }),
  ];
  test.each(doomed.map((predicate) => [predicate]))(
    '%p is reported and the default decides',
    async (predicate) => {
      const onHookError = jest.fn();
      expect(kindOf(fail({ status: 401 }), predicate, onHookError)).toBe('terminal');
      expect(kindOf(fail({ status: 403 }), predicate, onHookError)).toBe('unknown');
      expect(onHookError).toHaveBeenCalledTimes(2);
      expect(onHookError.mock.calls[0][1]).toBe('isRefreshFailureTerminal');
      expect(kindOf(fail({ status: 401 }), predicate)).toBe('terminal');
      expect(
        kindOf(fail({ status: 401 }), predicate, () => {
          throw bug;
        }),
      ).toBe('terminal');
      await new Promise(setImmediate); // an unobserved rejection would fail the run here
    },
  );
});

describe('whatever is thrown', () => {
  const { proxy: revoked, revoke } = Proxy.revocable([], {});
  revoke();
  const cycle = new Error('a');
  cycle.cause = new AggregateError([cycle], 'b');
  const bomb = new Proxy(
    {},
    {
      get: () => {
        throw new Error('no');
      },
    },
  );
  const abyss = new Proxy(() => {}, { get: () => abyss });
  const symbols = new Proxy({}, { get: () => Symbol('x') });

  test.each([
    ...[
      undefined,
      null,
      0,
      '',
      'x',
      true,
      10n,
      Symbol('x'),
      () => {},
      [],
      {},
      revoked,
      cycle,
      bomb,
      abyss,
      symbols,
    ].map((value) => [value]),
    [
      {
        status: {
          valueOf() {
            throw new Error('no');
          },
        },
      },
    ],
    [{ status: 503, headers: bomb }],
    [{ status: 503, headers: revoked }],
    [{ status: 503, headers: { 'retry-after': revoked } }],
    [{ errors: { length: 3 } }],
    [{ errors: revoked }],
    [{ response: bomb, cause: bomb, body: revoked }],
  ])('%# is described', (value) => {
    expect(['unknown', 'unspent']).toContain(kindOf(value));
  });

  test('never throws', () => {
    const leaf = fc.oneof(
      fc.anything(),
      fc.constantFrom(bomb, abyss, symbols, 401, 503, 'invalid_grant', 'ECONNRESET'),
    );
    const names = [
      'error',
      'body',
      'data',
      'response',
      'cause',
      'errors',
      'status',
      'statusCode',
      'headers',
      'code',
      'name',
      'message',
      'retry-after',
      'get',
    ];
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.dictionary(fc.constantFrom(...names), tie('tree')),
        fc.array(tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const { kind, retryAfter } = describeRefreshError(value);
        expect(['terminal', 'unspent', 'ambiguous', 'unknown']).toContain(kind);
        expect(retryAfter === null || (retryAfter >= 0 && retryAfter <= 3_600_000)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});
