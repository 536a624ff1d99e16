'use strict';

// What fetch gives is what the platform's gives: by its own Response class, whatever is asked of it.

const { randomBytes } = require('node:crypto');
const { Readable } = require('node:stream');
const { closeServers } = require('../requests/servers.js');
const { serveBoth } = require('./both.js');

/** What the server answers; the path says which. */
const BODIES = {
  empty: Buffer.alloc(0),
  ascii: Buffer.from('{"a":[1,"b"]}'),
  text: Buffer.from('{"ü":"€"}'),
  'with-bom': Buffer.from('\ufeff{"a":1}'),
  binary: Buffer.from([0, 128, 255, 254, 10]),
  // More than comes with the head.
  large: Buffer.from(JSON.stringify({ long: 'x'.repeat(600_000) })),
  'large-text': Buffer.from(JSON.stringify({ long: 'ü'.repeat(400_000) })),
  'large-binary': randomBytes(500_000),
};
const MULTIPART =
  '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n' +
  '--b\r\ncontent-disposition: form-data; name="f"; filename="n"\r\ncontent-type: text/x\r\n\r\n2\r\n--b--\r\n';

const STATUSES = [200, 201, 202, 203, 204, 205, 206, 226, 299, 300, 304, 399, 400, 404, 422, 500, 503, 599];
const UNUSUAL = [600, 700, 999];

let both;
beforeAll(async () => {
  both = await serveBoth((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://any.invalid');
    const [, what] = pathname.split('/');
    if (/^\d+$/.test(what))
      return response.writeHead(Number(what), searchParams.get('reason') ?? undefined).end('text');
    response.setHeader('content-type', searchParams.get('type') ?? 'application/json');
    if (what === 'multipart')
      return response.setHeader('content-type', 'multipart/form-data; boundary=b').end(MULTIPART);
    if (what === 'headers') response.setHeader('x-a', ['1', '2']).setHeader('set-cookie', ['a=1', 'b=2']);
    response.end(BODIES[what] ?? 'a=1&b=2&a=3');
  });
});
afterAll(closeServers);

test.each([...STATUSES, ...UNUSUAL])('status %i', async (status) => {
  const { got } = await both.compare((fetch, url) => fetch(`${url}/${status}`, { redirect: 'manual' }));
  expect(got).toMatchObject({ status });
});

test('HEAD, and a text of the status', async () => {
  await both.compare((fetch, url) => fetch(`${url}/ascii`, { method: 'HEAD' }));
  await both.compare((fetch, url) => fetch(`${url}/200?reason=${encodeURIComponent('No Such Thing')}`));
  await both.compare((fetch, url) => fetch(`${url}/ascii?q=1#fragment`));
});

const READERS = {
  text: (response) => response.text(),
  json: (response) => response.json(),
  arrayBuffer: async (response) => Buffer.from(await response.arrayBuffer()).toString('latin1'),
  blob: async (response) => response.blob().then(async (blob) => [blob.type, blob.size, await blob.text()]),
  body: async (response) => Buffer.concat(await Readable.fromWeb(response.body).toArray()).toString('latin1'),
  iteration: async (response) => {
    const parts = [];
    for await (const part of response.body) parts.push(part);
    return Buffer.concat(parts).toString('latin1');
  },
  'a new Response of it': (response) => new Response(response.body, response).text(),
  'a new Response of its parts': async ({ body, ...response }) => new Response(body, response).text(),
  'the platform’s text': (response) => Response.prototype.text.call(response),
  'the platform’s json': (response) => Response.prototype.json.call(response),
  'the platform’s clone': (response) => Response.prototype.clone.call(response).text(),
  'the platform’s body': (response) =>
    new Response(Reflect.getOwnPropertyDescriptor(Response.prototype, 'body').get.call(response)).text(),
  'a clone': async (response) => {
    const clone = response.clone();
    const again = clone.clone();
    const { url, status, type, redirected, headers } = clone;
    const heads = [url, status, type, redirected, headers.get('content-type'), clone instanceof Response];
    return [heads, await again.text(), await clone.text(), await response.text(), clone.bodyUsed];
  },
  'text after a look at the body': async (response) => {
    const { body } = response;
    return [await response.text(), body.locked];
  },
  'a clone after a look at the body': async (response) => {
    const { body } = response;
    const clone = response.clone();
    return [body.locked, await response.text(), await clone.text()];
  },
};

describe.each(Object.keys(BODIES))('%s', (what) => {
  test.each(Object.keys(READERS))('read as %s', async (how) => {
    await both.compare(async (fetch, url) => {
      const response = await fetch(`${url}/${what}`);
      const read = await READERS[how](response).catch(({ name }) => name);
      return [read, response.bodyUsed, response.body.locked];
    });
  });

  test.each(['text', 'json', 'arrayBuffer', 'blob'])('read as %s, and then again', async (how) => {
    await both.compare(async (fetch, url) => {
      const response = await fetch(`${url}/${what}`);
      await response[how]().catch(() => {});
      const failed = ({ name, message }) => [name, /unusable|consumed|locked/i.test(message)];
      const attempts = [
        () => response.text(),
        () => response.arrayBuffer(),
        () => response.blob(),
        () => Response.prototype.text.call(response),
        async () => response.clone(),
        async () => response.body.getReader(),
        async () => new Response(response.body),
      ];
      return [response.bodyUsed, await Promise.all(attempts.map((attempt) => attempt().catch(failed)))];
    });
  });
});

test('bytes', async () => {
  const response = await both.client.fetch('/binary');
  expect([...(await response.bytes())]).toEqual([...BODIES.binary]);
  await expect(response.bytes()).rejects.toMatchObject({ name: 'TypeError' });
  const large = await both.client.fetch('/large-binary');
  expect(BODIES['large-binary'].equals(await large.clone().bytes())).toBe(true);
  expect(BODIES['large-binary'].equals(await large.bytes())).toBe(true);
});

test.each(['ascii', 'binary', 'empty'])('a reader that brings its own buffer: %s', async (what) => {
  const { body } = await both.client.fetch(`/${what}`);
  const reader = body.getReader({ mode: 'byob' });
  const parts = [];
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(4));
    if (done) break;
    parts.push(value);
  }
  expect(Buffer.concat(parts).equals(BODIES[what])).toBe(true);
});

test('what is done to the bytes of one clone does not show in the other', async () => {
  const response = await both.client.fetch('/binary');
  const [one, other] = [response.clone(), response.clone()];
  (await one.bytes()).fill(7);
  for await (const part of other.body) part.fill(7);
  expect([...(await response.bytes())]).toEqual([...BODIES.binary]);
});

test('forms', async () => {
  const entries = async (form) =>
    Promise.all(
      [...form].map(async ([name, value]) => [name, value.name ?? value, (await value.text?.()) ?? '']),
    );
  const { got } = await both.compare(async (fetch, url) =>
    entries(await (await fetch(`${url}/multipart`)).formData()),
  );
  expect(got).toHaveLength(2);
  const type = encodeURIComponent('application/x-www-form-urlencoded');
  await both.compare(async (fetch, url) =>
    entries(await (await fetch(`${url}/form?type=${type}`)).formData()),
  );
  await both.compare(async (fetch, url) => (await fetch(`${url}/ascii`)).formData());
});

test('headers are for reading', async () => {
  const { got } = await both.compare(async (fetch, url) => {
    const { headers } = await fetch(`${url}/headers`);
    const changes = [
      () => headers.set('a', 'b'),
      () => headers.append('a', 'b'),
      () => headers.delete('x-a'),
    ];
    const thrown = changes.map((change) => {
      try {
        return change();
      } catch ({ name, message }) {
        return [name, message];
      }
    });
    const copy = new Headers(headers);
    copy.set('a', 'b');
    const seen = [headers.get('x-a'), headers.getSetCookie(), headers.has('a'), copy.get('x-a')];
    return [thrown, seen, headers instanceof Headers, headers.constructor === Headers];
  });
  expect(got[1]).toEqual(['1, 2', ['a=1', 'b=2'], false, '1, 2']);
});

test('it is a Response by every measure', async () => {
  await both.compare(async (fetch, url) => {
    const response = await fetch(`${url}/ascii`);
    const tag = Object.prototype.toString.call(response);
    return [response instanceof Response, response.constructor === Response, tag, Object.keys(response)];
  });
});

test('JSON that is none is not shown in the error', async () => {
  const response = await both.client.fetch('/form');
  const error = await response.json().catch((reason) => reason);
  expect(error).toMatchObject({
    name: 'SyntaxError',
    message: 'response body is not valid JSON (status 200)',
  });
});
