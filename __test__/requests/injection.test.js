'use strict';

const fc = require('fast-check');
const { clientFor, closeServers, failure, serveRaw } = require('./servers.js');

afterEach(closeServers);
jest.setTimeout(60_000);

/** Line ends of every kind, also what becomes one when only the low byte is kept, and what an attacker adds. */
const PIECES = [
  ...['\r', '\n', '\r\n', '\r\n\r\n', '\r\n ', '\n\t', '\0', '\v', '\f', '\x7f', '\x1b'],
  ...['\u0085', '\u2028', '\u2029', '\u010a', '\u010d', '\u560a', '\u560d', '\ud800', '\u{1f980}'],
  ...['x-injected: 1', 'GET /injected HTTP/1.1', 'content-length: 0', 'transfer-encoding: chunked'],
  ...['%0d%0a', '%00', '?', '#', '/', ':', ' ', '\t', '"', 'é', 'a', 'b'],
];
/** Tried each time. Within the client a header is two lines, hence the first two. */
const ATTACKS = [
  'a\nx-injected\n1',
  'a\n1\nx-injected',
  'a\r\nx-injected: 1',
  'a\u560d\u560ax-injected: 1',
  'a\r\n\r\nGET /injected HTTP/1.1\r\n\r\n',
  ...['\r', '\n', '\0', '\r\n ', '\n\t', '\u0085', '\u2028', '\u2029'].map((end) => `a${end}x-injected: 1`),
];
const RUNS = { numRuns: 150, examples: ATTACKS.map((attack) => [attack]) };
const nasty = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 6 })
  .map((pieces) => pieces.join(''));

const LINE = /^[!#$%&'*+\-.^_`|~0-9a-z]+: [\t\x20-\x7e\x80-\xff]*$/i;
const USUAL = [
  'accept',
  'accept-encoding',
  'authorization',
  'content-length',
  'content-type',
  'host',
  'user-agent',
];

/** One request at the most came in, and it has no line that nobody meant to send. */
function expectOneRequest(server, also = []) {
  expect(server.heads.length).toBeLessThanOrEqual(1);
  for (const head of server.heads) {
    const [first, ...lines] = head.slice(0, -4).split('\r\n');
    expect(first).toMatch(/^[^\s]+ \/[\x21-\x7e]* HTTP\/1\.1$/);
    expect(head.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/);
    for (const line of lines) expect(line).toMatch(LINE);
    const names = lines.map((line) => line.slice(0, line.indexOf(':')).toLowerCase());
    expect(names.filter((name) => !USUAL.includes(name) && !also.includes(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  }
}

/** A server that keeps the heads it gets, and whose bodies are short enough to be no head. */
async function serveHeads() {
  const heads = [];
  const server = await serveRaw((socket, head) => {
    heads.push(head);
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  });
  return Object.assign(server, { heads });
}

/** Whether the call was let through; if not, it was told why in the usual way. */
async function isSent(call) {
  try {
    await call();
    return true;
  } catch (error) {
    expect(error).toMatchObject({
      code: expect.stringMatching(
        /^ERR_(INVALID_OPTION|ORIGIN_NOT_ALLOWED|INSECURE_TRANSPORT|STORE_CORRUPT)$/,
      ),
    });
    return false;
  }
}

/** Makes `call(client, text)` for many a text, and judges what the server got; both outcomes must come up. */
async function probe(call, also = () => []) {
  const server = await serveHeads();
  const outcomes = new Set();
  await fc.assert(
    fc.asyncProperty(fc.oneof(nasty, fc.constant('ab')), async (text) => {
      server.heads.length = 0;
      const sent = await isSent(() => call(clientFor(server), text, server));
      outcomes.add(sent);
      expectOneRequest(server, also(text));
      expect(server.heads.length).toBe(sent ? 1 : 0);
    }),
    RUNS,
  );
  return outcomes;
}

const BOTH = new Set([true, false]);

test('header values', async () => {
  const call = (client, text) => client.get('/', { headers: { 'x-own': text } });
  expect(await probe(call, () => ['x-own'])).toEqual(BOTH);
});

test('header names', async () => {
  const call = (client, text) => client.get('/', { headers: { [text]: '1' } });
  expect(await probe(call, (text) => [text.toLowerCase()])).toEqual(BOTH);
});

test('header pairs', async () => {
  const call = (client, text) =>
    client.post('/', text, {
      headers: [
        ['x-own', 'a'],
        [text, text],
      ],
    });
  expect(await probe(call, (text) => ['x-own', text.toLowerCase()])).toEqual(BOTH);
});

test('default headers', async () => {
  const call = async (_client, text, server) => clientFor(server, { headers: { 'x-own': text } }).get('/');
  expect(await probe(call, () => ['x-own'])).toEqual(BOTH);
});

test('default header names', async () => {
  const call = async (_client, text, server) => clientFor(server, { headers: { [text]: '1' } }).get('/');
  expect(await probe(call, (text) => [text.toLowerCase()])).toEqual(BOTH);
});

test('methods', async () => {
  expect(await probe((client, method) => client.request('/', { method }))).toEqual(BOTH);
});

test('paths', async () => {
  expect((await probe((client, text) => client.get(`/p/${text}`))).has(true)).toBe(true);
});

test('whole URLs', async () => {
  expect((await probe((client, text, server) => client.get(`${server.url}/${text}`))).has(true)).toBe(true);
});

test('base URLs', async () => {
  const call = async (_client, text, server) =>
    clientFor(server, { baseURL: `${server.url}/${text}` }).get('/x');
  expect(await probe(call)).toEqual(BOTH);
});

test('queries', async () => {
  const call = (client, text) => client.get('/', { query: { [text]: text } });
  expect(await probe(call)).toEqual(new Set([true]));
});

test('content types', async () => {
  const call = (client, text) => client.post('/', 'x', { headers: { 'content-type': text } });
  expect(await probe(call)).toEqual(BOTH);
});

test('tokens of setTokens', async () => {
  const call = async (client, accessToken) => {
    await client.setTokens({ accessToken });
    await client.get('/');
  };
  expect(await probe(call)).toEqual(BOTH);
});

test('tokens of the option', async () => {
  const call = async (_client, accessToken, server) =>
    clientFor(server, { tokens: { accessToken } }).get('/');
  expect(await probe(call)).toEqual(BOTH);
});

test('tokens that getTokens returns', async () => {
  const call = (_client, accessToken, server) => {
    const options = { tokens: undefined, getTokens: () => ({ accessToken }), setTokens() {} };
    return clientFor(server, options).get('/');
  };
  expect(await probe(call)).toEqual(BOTH);
});

test('what else tokens hold', async () => {
  const call = async (client, text) => {
    await client.setTokens({ accessToken: 'ab', tokenType: text, scope: text, [text]: text });
    await client.get('/');
  };
  expect(await probe(call)).toEqual(new Set([true]));
});

test('what header.format returns', async () => {
  const call = (_client, text, server) => clientFor(server, { header: { format: () => text } }).get('/');
  expect(await probe(call)).toEqual(BOTH);
});

test('header.name', async () => {
  const call = async (_client, name, server) => clientFor(server, { header: { name } }).get('/');
  expect(await probe(call, (text) => [text.toLowerCase()])).toEqual(BOTH);
});

test('tokens that refresh returns', async () => {
  const server = await serveHeads();
  await fc.assert(
    fc.asyncProperty(nasty, async (text) => {
      server.heads.length = 0;
      const tokens = { accessToken: 'first', refreshToken: 'r', expiresAt: 1 };
      const client = clientFor(server, { tokens, maxRetries: 0, refresh: () => ({ accessToken: text }) });
      // White space around a token is taken off, so that it reaches no header.
      const bad = !/^[\x21-\x7e]+$/.test(text.trim());
      if (bad) expect(await failure(client.get('/'))).toMatchObject({ code: 'ERR_REFRESH_MALFORMED' });
      else await client.get('/');
      expectOneRequest(server);
      expect(server.heads).toHaveLength(bad ? 0 : 1);
    }),
    RUNS,
  );
});

test('a location cannot add lines to the request that follows it', async () => {
  const location = '/next %0d%0ax-injected: 1\t#';
  const heads = [];
  const server = await serveRaw((socket, head, count) => {
    heads.push(head);
    socket.end(
      `HTTP/1.1 ${count === 1 ? `302 Found\r\nlocation: ${location}` : '200 OK'}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
    );
  });
  expect(await clientFor(server).get('/')).toMatchObject({ status: 200, redirected: true });
  expect(heads).toHaveLength(2);
  for (const head of heads) expectOneRequest({ heads: [head] });
  expect(heads[1]).toMatch(/^GET \/next%20%0d%0ax-injected:%201 HTTP/);
});
