'use strict';

const { createHash, randomBytes } = require('node:crypto');
const fc = require('fast-check');
const { clientFor, closeServers, failure, serve, serveExpired } = require('./servers.js');

afterEach(closeServers);
jest.setTimeout(60_000);

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const MIB = 1024 * 1024;
const echo = (_request, response, body) => response.end(sha256(body));

test.each([
  ['text', 'grüße 🦀\n', 'grüße 🦀\n', 'text/plain;charset=UTF-8'],
  ['an object', { a: [1, null, 'ü'] }, '{"a":[1,null,"ü"]}', 'application/json'],
  ['an array', [1, 2], '[1,2]', 'application/json'],
  ['a number', 7, '7', 'application/json'],
  [
    'a form',
    new URLSearchParams({ a: 'b c', ü: '&' }),
    'a=b+c&%C3%BC=%26',
    'application/x-www-form-urlencoded;charset=UTF-8',
  ],
  ['bytes', new Uint8Array([0, 255, 10, 13]), '\x00\xff\n\r', undefined],
  ['a part of a buffer', new Uint8Array([1, 2, 3, 4]).subarray(1, 3), '\x02\x03', undefined],
  ['a DataView', new DataView(new Uint8Array([9, 65, 66, 9]).buffer, 1, 2), 'AB', undefined],
  ['a Uint16Array', new Uint16Array([0x4241, 0x4443]), 'ABCD', undefined],
  ['an ArrayBuffer', new Uint8Array([65, 0, 66]).buffer, 'A\x00B', undefined],
])('%s arrives as it is', async (_name, body, expected, contentType) => {
  const server = await serve();
  const client = clientFor(server);
  await client.post('/', body);
  await client.request('/', { method: 'DELETE', body });
  const wanted = Buffer.from(expected, contentType === undefined ? 'latin1' : 'utf8');
  expect(server.seen.map((request) => request.body)).toEqual([wanted, wanted]);
  for (const { headers } of server.seen) {
    expect(headers['content-type']).toBe(contentType);
    expect(headers['content-length']).toBe(String(wanted.length));
    expect(headers['transfer-encoding']).toBeUndefined();
  }
});

test('a content-type of your own stays', async () => {
  const server = await serve();
  await clientFor(server).post('/', { a: 1 }, { headers: { 'Content-Type': 'application/vnd.api+json' } });
  expect(server.seen[0].headers['content-type']).toBe('application/vnd.api+json');
});

test.each([undefined, null, '', new Uint8Array(0)])(
  'a POST with %p says that its length is 0',
  async (body) => {
    const server = await serve();
    await clientFor(server).post('/', body);
    expect(server.seen[0].headers['content-length']).toBe('0');
    expect(server.seen[0].body).toHaveLength(0);
  },
);

const SIZES = [0, 1, 2, 1023, 16 * 1024, 65_535, 65_536, 65_537, MIB, 4 * MIB];

test.each(SIZES)('%i bytes arrive, and arrive again after a rotation', async (size) => {
  const { server, client } = await serveExpired(echo);
  const bytes = randomBytes(size);
  const response = await client.put('/upload', bytes);
  expect(await response.text()).toBe(sha256(bytes));
  expect(response).toMatchObject({ status: 200, attempts: 2, replays: 1 });
  expect(server.seen.map(({ body }) => sha256(body))).toEqual([sha256(bytes), sha256(bytes)]);
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
  const [first, second] = server.seen.map(({ rawHeaders }) =>
    rawHeaders.filter((text) => !/^Bearer /.test(text)),
  );
  expect(second).toEqual(first);
});

test('any text and any bytes are the same on the wire as in memory, replayed or not', async () => {
  const { server, client } = await serveExpired(echo);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.uint8Array({ maxLength: 300 })),
      async (body) => {
        server.seen.length = 0;
        await client.setTokens({ accessToken: 'first', refreshToken: 'r' });
        await client.post('/', body);
        const expected = sha256(typeof body === 'string' ? Buffer.from(body) : body);
        expect(server.seen.map((request) => sha256(request.body))).toEqual([expected, expected]);
      },
    ),
    { numRuns: 50 },
  );
});

test('what is written to a buffer after the call is not sent', async () => {
  const { server, client } = await serveExpired(echo);
  const bytes = Buffer.alloc(MIB, 1);
  const before = sha256(bytes);
  const pending = client.post('/', bytes);
  bytes.fill(2);
  const form = new URLSearchParams({ a: '1' });
  const object = { a: 1 };
  const others = [client.post('/form', form), client.post('/json', object)];
  form.set('a', '2');
  object.a = 2;
  await Promise.all([pending, ...others]);
  const sent = (url) =>
    new Set(server.seen.filter((request) => request.url === url).map(({ body }) => sha256(body)));
  expect(sent('/')).toEqual(new Set([before]));
  expect(sent('/form')).toEqual(new Set([sha256('a=1')]));
  expect(sent('/json')).toEqual(new Set([sha256('{"a":1}')]));
});

test('a rotation between two bodies does not mix them up', async () => {
  const { server, client } = await serveExpired(echo);
  const bodies = Array.from({ length: 20 }, (_, i) => randomBytes(1000 * i));
  const responses = await Promise.all(bodies.map((body) => client.post('/', body)));
  expect(await Promise.all(responses.map((response) => response.text()))).toEqual(bodies.map(sha256));
  expect(client.stats()).toMatchObject({ rotations: 1 });
  expect(new Set(server.seen.map(({ body }) => sha256(body))).size).toBe(bodies.length);
});

test.each(['get', 'head'])('%s takes no body', async (verb) => {
  const server = await serve();
  const error = await failure(clientFor(server)[verb]('/', { body: 'text' }));
  expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' });
  expect(server.seen).toEqual([]);
});

/** Views of a buffer that was made too small for them. */
function outOfBounds() {
  const buffer = new ArrayBuffer(8, { maxByteLength: 8 });
  const views = [
    new Uint8Array(buffer, 4, 4),
    new Uint8Array(buffer, 6),
    new Float32Array(buffer, 4, 1),
    new DataView(buffer, 4, 4),
  ];
  buffer.resize(5);
  return views;
}

test('bytes that are out of the bounds of their buffer are refused, not sent as nothing', async () => {
  const server = await serve();
  const client = clientFor(server);
  for (const body of outOfBounds()) {
    const refused = { code: 'ERR_INVALID_OPTION', message: expect.stringContaining('made smaller') };
    expect(await failure(client.post('/', body))).toMatchObject(refused);
    await expect(client.fetch('/', { method: 'POST', body })).rejects.toBeInstanceOf(TypeError);
    const stream = async function* () {
      yield body;
    };
    expect(await failure(client.post('/', stream()))).toMatchObject({ code: 'ERR_BODY_FAILED' });
  }
  expect(server.seen).toEqual([]);
  expect((await client.post('/', new Uint8Array(0))).status).toBe(200);
});

test('bytes that were transferred away are refused, not sent as nothing', async () => {
  const server = await serve();
  const bytes = new Uint8Array([1, 2, 3]);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  for (const body of [bytes, bytes.buffer]) {
    expect(await failure(clientFor(server).post('/', body))).toMatchObject({ code: 'ERR_INVALID_OPTION' });
  }
  expect(server.seen).toEqual([]);
});
