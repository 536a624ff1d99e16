'use strict';

// Every error path of the public API, with a marked token, password or query in everything that could be quoted.

const { spawnSync } = require('node:child_process');
const { join } = require('node:path');
const { Readable } = require('node:stream');
const { inspect } = require('node:util');
const { TokenClient, TokenRotatorError } = require('../index.js');
const { rejection } = require('./callbacks/misbehaviours.js');
const { useHarness } = require('./support/harness.js');

const { serve, client } = useHarness();

const MARK = 's3cr3tM4rk';
const TOKENS = { accessToken: `${MARK}-access`, refreshToken: `${MARK}-refresh`, note: `${MARK}-note` };
const LATER = { ...TOKENS, accessToken: `${MARK}-later`, refreshToken: `${MARK}-later-refresh` };

/** Every text that could be made of a value. What a user threw is the user's, and only a property of ours. */
function shown(value) {
  const texts = [inspect(value, { depth: Infinity, showHidden: true, getters: false }), String(value)];
  texts.push(JSON.stringify(value) ?? '');
  if (!(value instanceof Error)) return texts;
  for (const [name, { value: field }] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    const users = name === 'cause' && !isOurs(field);
    if (!users) texts.push(...(field === value ? [] : [name, ...shown(field)]));
  }
  return texts;
}

const isOurs = (error) => error instanceof TokenRotatorError || error?.name === 'MalformedTokens';

function expectNoSecret(...values) {
  // Only the count: a failure of this test must not print what it found.
  const leaks = values.flatMap(shown).filter((text) => text.toLowerCase().includes(MARK.toLowerCase()));
  expect(leaks.map((text) => text.replaceAll(MARK, '<leak>'))).toEqual([]);
}

test('the scan finds what it looks for', () => {
  const holders = [
    new Error(MARK),
    Object.assign(new Error('x'), { hidden: { deep: MARK } }),
    new TokenRotatorError('x', { cause: new TokenRotatorError(MARK) }),
    { [MARK]: 1 },
  ];
  for (const holder of holders) expect(shown(holder).some((text) => text.includes(MARK))).toBe(true);
});

describe('options', () => {
  const refresh = () => TOKENS;

  test.each([
    ['options', MARK],
    ['refresh', { refresh: MARK }],
    ['tokens, a string', { refresh, tokens: MARK }],
    ['tokens with a space', { refresh, tokens: { accessToken: `${MARK} x` } }],
    ['tokens with a line break', { refresh, tokens: { ...TOKENS, refreshToken: `${MARK}\nx` } }],
    ['tokens with an object for a token', { refresh, tokens: { ...TOKENS, refreshToken: { [MARK]: 1n } } }],
    ['baseURL with a password', { refresh, baseURL: `https://user:${MARK}@example.com` }],
    ['baseURL with a query', { refresh, baseURL: `https://example.com/?token=${MARK}` }],
    ['baseURL that is none', { refresh, baseURL: MARK }],
    ['allowedOrigins', { refresh, allowedOrigins: [`https://example.com/${MARK}`] }],
    ['headers', { refresh, headers: { authorization: `Bearer ${MARK}\r\nx: y` } }],
    ['headers of a wrong type', { refresh, headers: MARK }],
    ['header.name', { refresh, header: { name: `${MARK} x` } }],
    ['header.format', { refresh, header: { format: MARK } }],
    ['session', { refresh, session: { MARK } }],
    ['session, too long', { refresh, session: MARK.repeat(100) }],
    ['redirect', { refresh, redirect: MARK }],
    ['rotationGrace', { refresh, rotationGrace: MARK }],
    ['refreshTimeout', { refresh, refreshTimeout: MARK }],
    ['store', { refresh, store: { type: MARK } }],
    ['tls.key', { refresh, tls: { cert: `-----BEGIN X-----${MARK}`, key: MARK } }],
    ['tls.ca', { refresh, tls: { ca: `-----BEGIN CERTIFICATE-----\n${MARK}\n-----END CERTIFICATE-----` } }],
    ['grant', { refresh, grant: { clientSecret: MARK } }],
    ['logger', { refresh, logger: { debug: MARK } }],
    ['retry', { refresh, retry: MARK }],
    ['retry.methods', { refresh, retry: { methods: [`${MARK} x`] } }],
    ['retry.statusCodes', { refresh, retry: { statusCodes: [MARK] } }],
  ])('%s', (_, options) => {
    let thrown;
    try {
      new TokenClient(options);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'ERR_INVALID_OPTION' });
    expectNoSecret(thrown);
  });
});

describe('calls', () => {
  const query = `?access_token=${MARK}`;
  const cyclic = { MARK };
  cyclic.self = cyclic;

  test.each([
    ['a URL that is none', 'ERR_INVALID_OPTION', (api) => api.get(`http://[${MARK}`)],
    ['a URL of a wrong type', 'ERR_INVALID_OPTION', (api) => api.get({ href: { MARK } })],
    ['a foreign origin', 'ERR_ORIGIN_NOT_ALLOWED', (api) => api.get(`https://example.com/${MARK}${query}`)],
    ['a password in the URL', undefined, (api) => api.get(`http://u:${MARK}@127.0.0.1:1/`)],
    ['plain http', 'ERR_INSECURE_TRANSPORT', (api) => api.get(`http://example.com/${MARK}`)],
    [
      'no connection',
      'ERR_NETWORK',
      (api) => api.get(`http://127.0.0.1:1/${query}`, { skipAuthRefresh: true }),
    ],
    [
      'a reset',
      'ERR_NETWORK',
      (api) => api.get(`/api/x${query}`, { retry: false }),
      { at: 'api', kind: 'reset' },
    ],
    [
      'a reset, whatever is tried',
      'ERR_NETWORK',
      (api) => api.get(`/api/x${query}`),
      { at: 'api', kind: 'reset', times: 3 },
    ],
    [
      'a timeout',
      'ERR_TIMEOUT',
      (api) => api.get(`/api/x${query}`, { timeout: 50 }),
      { at: 'api', kind: 'hang' },
    ],
    [
      'a status',
      'ERR_HTTP_STATUS',
      (api) => api.get(`/api/x${query}`, { throwHttpErrors: true }),
      status(418),
    ],
    [
      'a redirect away',
      'ERR_REDIRECT',
      (api) => api.get('/api/x'),
      status(307, `https://example.com/${query}`),
    ],
    ['a redirect to nowhere', 'ERR_REDIRECT', (api) => api.get('/api/x'), status(307, `http://[${MARK}`)],
    [
      'a body too large',
      'ERR_TOO_LARGE',
      async (api) => (await api.get('/api/x')).text(),
      status(200, undefined, 5000),
    ],
    [
      'a body that is read twice',
      undefined,
      async (api) => {
        const response = await api.get('/api/x');
        void response.body;
        return response.text();
      },
      status(200, undefined, 5000),
    ],
    [
      'a stream that was used up',
      'ERR_BODY_NOT_REPLAYABLE',
      (api) => api.post(`/api/x${query}`, Readable.from([MARK])),
      status(307, `/api/y${query}`),
    ],
    [
      'a stream that fails',
      'ERR_BODY_FAILED',
      (api) => api.post('/api/x', failing(Object.assign(new Error('read'), { path: MARK }))),
    ],
    ['a stream of objects', 'ERR_BODY_FAILED', (api) => api.post('/api/x', Readable.from([{ MARK }]))],
    ['a stream somebody reads', 'ERR_INVALID_OPTION', (api) => api.post('/api/x', locked())],
    [
      'an idempotency key',
      'ERR_INVALID_OPTION',
      (api) => api.post('/api/x', '', { idempotencyKey: `${MARK}\n` }),
    ],
    ['a header', 'ERR_INVALID_OPTION', (api) => api.get('/api/x', { headers: { a: `${MARK}\n` } })],
    ['a method', 'ERR_INVALID_OPTION', (api) => api.request('/api/x', { method: `${MARK} x` })],
    ['a query', 'ERR_INVALID_OPTION', (api) => api.get('/api/x', { query: { a: { MARK } } })],
    ['a body', 'ERR_INVALID_OPTION', (api) => api.post('/api/x', cyclic)],
    ['a rejected token', 'ERR_INVALID_OPTION', (api) => api.rotate({ rejected: { MARK } })],
    ['a login', 'ERR_INVALID_OPTION', (api) => api.setTokens({ accessToken: `${MARK} x` })],
    ['a login, a string', 'ERR_INVALID_OPTION', (api) => api.setTokens(MARK)],
    ['JSON that is none', undefined, async (api) => (await api.get('/api/x')).json(), status(200)],
  ])('%s', async (_, code, call, fault = undefined) => {
    const server = await serve();
    if (fault?.at) server.fault({ body: `{"${MARK}": ${MARK}`, ...fault });
    const { accessToken } = server.login('ada');
    const lines = [];
    const logger = { debug: (...line) => lines.push(line), error: (...line) => lines.push(line) };
    const tokens = { ...TOKENS, accessToken };
    const api = client(server, { tokens, logger, maxResponseSize: 4096 });
    const error = await rejection(call(api));
    if (code !== undefined) expect(error.code).toBe(code);
    expectNoSecret(error, lines, api, api.stats());
    expect(shown(error).join().includes(accessToken)).toBe(false);
  });

  async function* failing(error) {
    yield MARK;
    throw error;
  }

  function locked() {
    const stream = new Blob([MARK]).stream();
    stream.getReader();
    return stream;
  }

  function status(status, location, length) {
    const headers = location === undefined ? {} : { location };
    const fault = { at: 'api', kind: 'status', status, headers };
    return length === undefined ? fault : { ...fault, body: MARK.repeat(length) };
  }
});

describe('callbacks that throw, or answer with, marked values', () => {
  const thrown = () =>
    Object.assign(new Error('failed'), {
      config: { headers: { authorization: MARK } },
      data: TOKENS,
      [MARK]: MARK,
    });
  const fail = () => {
    throw thrown();
  };
  const invalidGrant = () => {
    throw Object.assign(thrown(), { error: 'invalid_grant' });
  };
  const stored = (getTokens, setTokens = () => {}) => ({ getTokens, setTokens });

  test.each([
    ['refresh throws', 'ERR_REFRESH_FAILED', { refresh: fail }],
    ['refresh throws a string', 'ERR_REFRESH_FAILED', { refresh: () => Promise.reject(MARK) }],
    ['refresh throws a symbol', 'ERR_REFRESH_FAILED', { refresh: () => Promise.reject(Symbol(MARK)) }],
    ['refresh is refused', 'ERR_SESSION_LOST', { refresh: invalidGrant }],
    ['refresh answers with junk', 'ERR_REFRESH_MALFORMED', { refresh: () => ({ accessToken: `${MARK} x` }) }],
    ['refresh answers with a string', 'ERR_REFRESH_MALFORMED', { refresh: () => MARK }],
    ['refresh hangs', 'ERR_REFRESH_TIMEOUT', 'hang'],
    ['getTokens throws', 'ERR_STORE_UNAVAILABLE', stored(fail)],
    ['getTokens answers with junk', 'ERR_STORE_CORRUPT', stored(() => ({ accessToken: `${MARK}\nx` }))],
    ['format throws', 'ERR_INVALID_OPTION', { header: { format: fail }, refresh: () => TOKENS }],
    [
      'format returns lines',
      'ERR_INVALID_OPTION',
      { header: { format: (t) => `${t}\n` }, refresh: () => TOKENS },
    ],
    [
      'isRefreshFailureTerminal throws',
      'ERR_REFRESH_FAILED',
      { refresh: fail, isRefreshFailureTerminal: fail },
    ],
    [
      'setTokens throws',
      undefined,
      stored(() => ({ ...TOKENS, expiresAt: 1 }), jest.fn().mockImplementationOnce(fail)),
    ],
  ])('%s', async (_, code, options) => {
    let end;
    if (options === 'hang')
      options = { refresh: () => new Promise((resolve) => (end = resolve)), refreshTimeout: 50 };
    const server = await serve();
    const lines = [];
    const seen = (...line) => lines.push(...line);
    const hooks = { onRefreshFailed: seen, onPersistFailed: seen, logger: { debug: seen, error: seen } };
    const api = client(server, { refresh: () => LATER, ...hooks, ...options });
    const errors = [];
    for (const call of [() => api.get('/public/x'), () => api.getAccessToken(), () => api.rotate()])
      await call().catch((error) => errors.push(error));
    end?.(LATER);
    await api.close();
    expect(errors[0]?.code).toBe(code);
    expectNoSecret(...errors, ...lines, ...process.emitWarning.mock.calls.flat(), api);
  });
});

describe('what can be printed', () => {
  test('a client, its stats, a response', async () => {
    const server = await serve();
    const lines = [];
    const api = client(server, { tokens: { ...TOKENS }, headers: { 'x-key': MARK } });
    for (const name of ['log', 'error'])
      jest
        .spyOn(console, name)
        .mockImplementation((...line) => lines.push(...line.map((item) => inspect(item))));
    const response = await api.get(`/public/x?token=${MARK}`, { headers: { cookie: MARK } });
    console.log(api, api.stats(), response, api.session(`tenant-${MARK}`));
    console.error({ api, response });
    jest.restoreAllMocks();
    expect((await response.text()).includes(MARK)).toBe(true);
    expect(lines).toHaveLength(5);
    expectNoSecret(lines, api, api.stats());
  });

  test.each([
    ['refresh fails', 'refresh: () => { throw new Error("down") }', 'client.getAccessToken()'],
    ['refresh answers with junk', 'refresh: () => ({ accessToken: MARK + " x" })', 'client.getAccessToken()'],
    ['no connection', '', 'client.get("http://127.0.0.1:1/?token=" + MARK, { skipAuthRefresh: true })'],
    ['a foreign origin', '', 'client.get("https://example.com/?token=" + MARK)'],
    ['a bad option', 'redirect: MARK', ''],
    [
      'a hook throws',
      'onRefreshed() { throw new Error(MARK) }',
      'client.rotate().then(() => process.exit(1))',
    ],
  ])('what an uncaught error leaves on stderr: %s', (_, option, call) => {
    const script = `
      const { TokenClient } = require(${JSON.stringify(join(__dirname, '..'))});
      const MARK = process.env.MARK;
      const tokens = { accessToken: MARK + '-access', refreshToken: MARK + '-refresh', expiresAt: 1 };
      const client = new TokenClient({ tokens, refresh: () => ({ accessToken: MARK + '-new' }), ${option} });
      ${call};`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
      env: { ...process.env, MARK },
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/TokenRotatorError|NetworkError|RefreshError|TOKEN_ROTATOR_HOOK/);
    expect((stdout + stderr).includes(MARK)).toBe(false);
  });
});
