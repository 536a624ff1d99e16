'use strict';

const { QUERY, TOKEN, clientFor, closeServers, failure, serve, serveExpired } = require('./servers.js');

afterEach(closeServers);

const bearer = `Bearer ${TOKEN}`;

describe('the token goes to the base origin only', () => {
  /** The writing of a URL → how it leads from `home` to `foreign`. */
  const WRITINGS = [
    ['an absolute URL', (foreign) => foreign.url],
    ['another port of the same host', (foreign) => `http://127.0.0.1:${foreign.port}/x`],
    ['//host', (foreign) => `//127.0.0.1:${foreign.port}/x`],
    ['backslashes', (foreign) => `\\\\127.0.0.1:${foreign.port}\\x`],
    ['a slash and a backslash', (foreign) => `/\\127.0.0.1:${foreign.port}/x`],
    ['blanks before it', (foreign) => ` \n\t//127.0.0.1:${foreign.port}/x`],
    ['a line break within', (foreign) => `/\n/127.0.0.1:${foreign.port}/x`],
    ['a scheme and no slashes', (foreign) => `http:\\\\127.0.0.1:${foreign.port}`],
    ['upper case', (foreign) => `HTTP://127.0.0.1:${foreign.port}`],
    ['another name of the host', (foreign) => `http://localhost:${foreign.port}`],
    ['another writing of the host', (foreign) => `http://0x7f.1:${foreign.port}`],
    ['a URL object', (foreign) => new URL('/x', foreign.url)],
  ];

  test.each(WRITINGS)('%s to another origin is refused before anything is sent', async (_name, write) => {
    const [home, foreign] = [await serve(), await serve()];
    const client = clientFor(home);
    for (const options of [undefined, { redirect: 'follow' }, { headers: { authorization: bearer } }]) {
      const error = await failure(client.get(write(foreign), options));
      expect(error).toMatchObject({
        name: 'TokenRotatorError',
        code: 'ERR_ORIGIN_NOT_ALLOWED',
        retryable: false,
      });
      expect(error.message).toContain(String(foreign.port));
    }
    expect([home.seen, foreign.seen]).toEqual([[], []]);
    expect(foreign.sockets.size).toBe(0);
  });

  test.each([
    ['another scheme', (home) => home.url.replace('http:', 'https:'), 'ERR_ORIGIN_NOT_ALLOWED'],
    ['another scheme to the same host', (home) => `https:127.0.0.1:${home.port}`, 'ERR_ORIGIN_NOT_ALLOWED'],
    [
      'the host as a user name',
      (home) => `http://127.0.0.1:${home.port}@other.invalid/`,
      'ERR_INVALID_OPTION',
    ],
    [
      'a user name before the own host',
      (home) => `http://user@127.0.0.1:${home.port}/`,
      'ERR_INVALID_OPTION',
    ],
    ['a password', (home) => `http://:pass@127.0.0.1:${home.port}/`, 'ERR_INVALID_OPTION'],
    ['three slashes', (home) => `///127.0.0.1:${home.port}/`, 'ERR_INVALID_OPTION'],
    ['file:', () => 'file:///etc/passwd', 'ERR_INVALID_OPTION'],
    ['data:', () => 'data:text/plain,x', 'ERR_INVALID_OPTION'],
    ['javascript:', () => 'javascript:1', 'ERR_INVALID_OPTION'],
    [
      'a name that only begins like the host',
      (home) => `https://127.0.0.1.other.invalid:${home.port}/`,
      'ERR_ORIGIN_NOT_ALLOWED',
    ],
  ])('%s is refused', async (_name, write, code) => {
    const home = await serve();
    expect(await failure(clientFor(home).get(`${write(home)}?${QUERY}`))).toMatchObject({ code });
    expect(home.sockets.size).toBe(0);
  });

  test('without baseURL and allowedOrigins no origin gets it', async () => {
    const foreign = await serve();
    expect(await failure(clientFor(undefined).get(foreign.url))).toMatchObject({
      code: 'ERR_ORIGIN_NOT_ALLOWED',
    });
    expect(foreign.seen).toEqual([]);
  });

  test('an origin of allowedOrigins gets it too, its neighbours do not', async () => {
    const [home, second, third] = [await serve(), await serve(), await serve()];
    const client = clientFor(home, { allowedOrigins: [second.url] });
    await client.get(`${second.url}/deep/path`);
    expect(second.seen).toMatchObject([{ url: '/deep/path', headers: { authorization: bearer } }]);
    await failure(client.get(third.url));
    expect(third.seen).toEqual([]);
  });
});

describe('skipAuthRefresh', () => {
  test('goes anywhere, without the token', async () => {
    const foreign = await serve((_request, response) => response.writeHead(401).end());
    const response = await clientFor(await serve()).get(`${foreign.url}/x`, { skipAuthRefresh: true });
    expect(response).toMatchObject({ status: 401, attempts: 1, replays: 0 });
    expect(foreign.seen).toHaveLength(1);
    expect(JSON.stringify(foreign.seen[0].rawHeaders)).not.toContain(TOKEN);
  });

  test("takes the client's own headers to its own origins only", async () => {
    const [home, foreign] = [await serve(), await serve()];
    const client = clientFor(home, { headers: { 'x-api-key': 'k' } });
    for (const { url } of [home, foreign]) {
      await client.get(`${url}/x`, { skipAuthRefresh: true, headers: { 'x-own': '1' } });
    }
    expect(home.seen[0].headers).toMatchObject({ 'x-api-key': 'k', 'x-own': '1' });
    expect(foreign.seen[0].headers).not.toHaveProperty('x-api-key');
    expect(foreign.seen[0].headers).toMatchObject({ 'x-own': '1' });
  });

  test('keeps the token from the own origin too', async () => {
    const home = await serve();
    await clientFor(home).get('/', { skipAuthRefresh: true });
    expect(home.seen[0].headers).not.toHaveProperty('authorization');
  });

  test('needs no login', async () => {
    const home = await serve();
    const client = clientFor(home, { tokens: undefined });
    expect(await client.get('/', { skipAuthRefresh: true })).toMatchObject({ status: 200 });
  });
});

describe('plain http beyond loopback', () => {
  const FAR = 'http://api.far.invalid';

  test('is refused before its name is looked up', async () => {
    const client = clientFor(undefined, { baseURL: FAR });
    for (const options of [undefined, { skipAuthRefresh: true }]) {
      const error = await failure(client.get(`/x?${QUERY}`, options));
      expect(error).toMatchObject({ name: 'TokenRotatorError', code: 'ERR_INSECURE_TRANSPORT' });
      expect(error.message).toContain(FAR);
    }
  });

  test('is tried under allowInsecure', async () => {
    const client = clientFor(undefined, { baseURL: FAR, allowInsecure: true });
    const error = await failure(client.get('/x'));
    expect(error).toMatchObject({ code: 'ERR_NETWORK' });
    expect(error.cause.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
  });

  test.each(['localhost', '127.0.0.1', '127.1'])('%s is this machine', async (host) => {
    const home = await serve();
    expect(await clientFor(home, { baseURL: `http://${host}:${home.port}` }).get('/')).toMatchObject({
      status: 200,
    });
  });

  test.each(['0.0.0.0', '[::ffff:127.0.0.2]', 'localhost.far.invalid', '128.0.0.1'])(
    '%s is not taken for it',
    async (host) => {
      const client = clientFor(undefined, { baseURL: `http://${host}:9` });
      expect(await failure(client.get('/'))).toMatchObject({ code: 'ERR_INSECURE_TRANSPORT' });
    },
  );
});

describe('the auth header', () => {
  test('of the request wins, and its 401 is the caller’s', async () => {
    const { server, client } = await serveExpired((_request, response) => response.end());
    const response = await client.get('/', { headers: { Authorization: 'Basic abc' } });
    expect(response).toMatchObject({ status: 401, attempts: 1, replays: 0 });
    expect(server.seen).toMatchObject([{ headers: { authorization: 'Basic abc' } }]);
    expect(client.stats()).toMatchObject({ rotations: 0, replays: 0 });
  });

  test('of the client’s defaults does not', async () => {
    const server = await serve();
    await clientFor(server, { headers: { authorization: 'Basic abc' } }).get('/');
    expect(server.seen[0].rawHeaders.filter((text) => text === bearer || text === 'Basic abc')).toEqual([
      bearer,
    ]);
  });

  test('may have another name and format, and rotates as well', async () => {
    const server = await serve((request, response) => {
      response.writeHead(request.headers['x-api-key'] === 'key second' ? 200 : 401).end();
    });
    const format = jest.fn((token) => `key ${token}`);
    const client = clientFor(server, {
      tokens: { accessToken: 'first', refreshToken: 'r' },
      refresh: () => ({ accessToken: 'second' }),
      header: { name: 'X-API-Key', format },
    });
    await client.get('/', { headers: { authorization: 'Basic abc' } });
    await client.get('/');
    expect(server.seen.map(({ headers }) => [headers['x-api-key'], headers.authorization])).toEqual([
      ['key first', 'Basic abc'],
      ['key second', 'Basic abc'],
      ['key second', undefined],
    ]);
    expect(format.mock.calls).toEqual([['first'], ['second']]);
    const own = await client.get('/', { headers: { 'x-api-key': 'mine' } });
    expect(own).toMatchObject({ status: 401, attempts: 1 });
  });
});
