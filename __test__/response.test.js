'use strict';

const { inspect } = require('node:util');
const { TokenRotatorError } = require('../lib/errors.js');
const { NativeAnswer } = require('../lib/crossing/native-answer.js');
const { HttpResponse } = require('../lib/response/response.js');

const SECRET = 's3cr3t-marker';
const HEAD = [
  'https://a.example/x?token=s3cr3t-marker#s3cr3t-marker',
  'Fine',
  'content-type',
  'text/plain',
  'set-cookie',
  'a=1, 2',
  'set-cookie',
  'b=3',
  'x-latin',
  'é',
].join('\n');
const make = ({ status = 200, attempts = 1, replays = 0, redirected = 0, usedUp = 0, ...rest } = {}) => {
  const { head = HEAD, body = null } = rest;
  const bits = status | (redirected << 10) | (usedUp << 11) | (replays << 12) | (attempts << 15);
  return new HttpResponse(new NativeAnswer([bits, head, body]));
};

test.each([
  [100, false],
  [199, false],
  [200, true],
  [299, true],
  [300, false],
  [401, false],
  [599, false],
  [999, false],
])('status %i', (status, ok) => {
  expect(make({ status, attempts: 103, replays: 2, redirected: 1, usedUp: 1 })).toMatchObject({
    status,
    ok,
    attempts: 103,
    replays: 2,
    redirected: true,
    replayError: { code: 'ERR_BODY_NOT_REPLAYABLE' },
  });
  expect(make({ status })).toMatchObject({ status, ok, attempts: 1, replays: 0, redirected: false });
  expect(make({ status, attempts: 15, replays: 15, redirected: 1 }).replayError).toBeUndefined();
});

test('an answer that should have been replayed says why it was not', () => {
  const { replayError } = make({ status: 401, usedUp: 1 });
  expect(replayError).toBeInstanceOf(TokenRotatorError);
  expect(replayError).toMatchObject({
    name: 'TokenRotatorError',
    code: 'ERR_BODY_NOT_REPLAYABLE',
    retryable: false,
    message: expect.stringContaining('a function that makes the body'),
  });
});

test('head', () => {
  const response = make();
  expect(response.url).toBe('https://a.example/x?token=s3cr3t-marker#s3cr3t-marker');
  expect(response.statusText).toBe('Fine');
  expect(response.headers).toBeInstanceOf(Headers);
  expect(response.headers).toBe(response.headers);
  expect(response.headers.getSetCookie()).toEqual(['a=1, 2', 'b=3']);
  expect(response.headers.get('X-Latin')).toBe('é');
  expect(response.headers.get('content-type')).toBe('text/plain');
});

test.each([
  ['no headers', 'https://a/\n', ''],
  ['an empty value', 'https://a/\n\nx-empty\n', ''],
])('%s', (_name, head, statusText) => {
  const response = make({ head });
  expect(response.statusText).toBe(statusText);
  expect([...response.headers]).toEqual(head.includes('x-empty') ? [['x-empty', '']] : []);
});

const utf8 = (text) => new TextEncoder().encode(text);
const BOM = '\ufeff';
test.each([
  ['empty', null, ''],
  ['ASCII', '{"a":[1]}', '{"a":[1]}'],
  ['UTF-8', Buffer.from('héllo €'), 'héllo €'],
  ['a byte order mark', Buffer.from(`${BOM}"é"`), '"é"'],
  ['two byte order marks', Buffer.from(`${BOM}${BOM}é`), `${BOM}é`],
  ['invalid UTF-8', Buffer.from([0x61, 0xff, 0xc3]), 'a\ufffd\ufffd'],
])('body: %s, as often as wanted', async (_name, body, text) => {
  const response = make({ body });
  const bytes = body === null ? utf8('') : typeof body === 'string' ? utf8(body) : new Uint8Array(body);
  for (let i = 0; i < 2; i++) {
    expect(await response.text()).toBe(text);
    expect(Buffer.compare(await response.bytes(), bytes)).toBe(0);
    expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), bytes)).toBe(0);
    if (body === null) {
      expect(response.body).toBe(null);
    } else {
      const chunks = [];
      for await (const chunk of response.body) chunks.push(chunk);
      expect(Buffer.compare(Buffer.concat(chunks), bytes)).toBe(0);
    }
  }
});

test('the text of any bytes is what fetch would give', async () => {
  for (const bytes of [
    [0xed, 0xa0, 0x80],
    [0xf0, 0x9f, 0x92],
    [0xe2, 0x82, 0x41],
    [0xef, 0xbb, 0xbf, 0xef, 0xbb],
    [0xc0, 0x80],
    [0xf8, 0x88],
  ]) {
    const body = Buffer.from(bytes);
    expect(await make({ body }).text()).toBe(await new Response(body).text());
  }
});

test('bytes are copies', async () => {
  for (const body of ['abc', Buffer.from('abc')]) {
    const response = make({ body });
    (await response.bytes()).fill(0);
    new Uint8Array(await response.arrayBuffer()).fill(0);
    for await (const chunk of response.body) chunk.fill(0);
    expect(await response.text()).toBe('abc');
  }
  expect((await make({ body: Buffer.from('abc') }).arrayBuffer()).byteLength).toBe(3);
});

test('JSON', async () => {
  const response = make({ body: '{"a":1,"__proto__":{"admin":true}}' });
  const first = await response.json();
  expect(first.a).toBe(1);
  expect(first.admin).toBeUndefined();
  expect(await response.json()).not.toBe(first);
});

test.each([[SECRET], [Buffer.from(`<html>${SECRET}é`)], [`{"a":"${SECRET}`], [null]])(
  'no JSON is a SyntaxError without a quote',
  async (body) => {
    const error = await make({ status: 502, body })
      .json()
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(SyntaxError);
    expect(error.message).toContain('502');
    expect(inspect(error)).not.toContain(SECRET);
  },
);

test('inspect shows no header, body or query', () => {
  const response = make({ body: SECRET });
  expect(inspect(response)).toBe("HttpResponse { status: 200, url: 'https://a.example/x', attempts: 1 }");
  void response.headers;
  expect(inspect(response, { depth: 9, showHidden: true })).not.toContain(SECRET);
  expect(JSON.stringify(response)).not.toContain(SECRET);
  expect(inspect([response])).not.toContain(SECRET);
});

test('nothing can be set', () => {
  const response = make();
  expect(() => {
    response.status = 500;
  }).toThrow(TypeError);
});
