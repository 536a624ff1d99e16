'use strict';

// Redirects are followed as fetch follows them, but for what is the caller's: that stays with its origin.

const { clientFor, closeServers, failure, serve, TOKEN } = require('../requests/servers.js');
const { serveBoth } = require('./both.js');

const STATUSES = [301, 302, 303, 307, 308];

/** `/STATUS` leads to `/200`, or to what `?to=` says, or nowhere if that is empty; `/STATUS?times=N` does so after N redirects. */
function redirecting(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://any.invalid');
  const times = Number(searchParams.get('times') ?? 1);
  const next = times > 1 ? `${pathname}?times=${times - 1}` : '/200';
  const location = searchParams.get('to') ?? next;
  response
    .writeHead(Number(pathname.slice(1)), pathname === '/200' || location === '' ? {} : { location })
    .end('text');
}

let both;
let elsewhere;
beforeAll(async () => {
  both = await serveBoth(redirecting);
  elsewhere = await serve();
});
beforeEach(() => (elsewhere.seen.length = 0));
afterAll(closeServers);

const refused = (code) => ({ name: 'TypeError', message: 'fetch failed', cause: { code } });
const away = () => `/302?to=${encodeURIComponent(elsewhere.url)}`;

describe.each(STATUSES)('%i', (status) => {
  test.each(['GET', 'HEAD', 'POST', 'PUT', 'DELETE'])('follows %s', async (method) => {
    const body = method === 'POST' || method === 'PUT' ? 'text' : undefined;
    const call = (fetch, url) => fetch(`${url}/${status}#fragment`, { method, body });
    const { got, sent } = await both.compare(call);
    expect(got).toMatchObject({ status: 200, redirected: true, url: `${both.server.url}/200` });
    expect(sent).toHaveLength(2);
  });

  test('hands it out where that is asked for', async () => {
    const { got } = await both.compare((fetch, url) => fetch(`${url}/${status}`, { redirect: 'manual' }));
    expect(got).toMatchObject({ status, redirected: false });
    await both.compare((fetch, url) => fetch(new Request(`${url}/${status}`, { redirect: 'manual' })));
  });

  test('fails where that is asked for', async () => {
    const { got } = await both.compare((fetch, url) => fetch(`${url}/${status}`, { redirect: 'error' }));
    expect(got).toEqual({ rejected: 'TypeError' });
    const request = new Request(`${both.server.url}/${status}`, { redirect: 'error' });
    expect(await failure(both.client.fetch(request))).toMatchObject(refused('ERR_REDIRECT'));
  });
});

test('where one leads need not be said for it to fail', async () => {
  const { got } = await both.compare((fetch, url) => fetch(`${url}/302?to=`, { redirect: 'error' }));
  expect(got).toEqual({ rejected: 'TypeError' });
});

test('20 are followed, and no more', async () => {
  const { got } = await both.compare((fetch, url) => fetch(`${url}/302?times=20`));
  expect(got).toMatchObject({ status: 200 });
  await both.compare((fetch, url) => fetch(`${url}/302?times=21`));
  expect(await failure(both.client.fetch('/302?times=21'))).toMatchObject(refused('ERR_REDIRECT'));
});

test.each(['ftp://127.0.0.1/', 'http://user:password@127.0.0.1/', 'http://'])(
  '%s is not followed',
  async (to) => {
    const error = await failure(both.client.fetch(`/302?to=${encodeURIComponent(to)}`));
    expect(error).toMatchObject(refused('ERR_REDIRECT'));
  },
);

test('a stream that was used up is not sent again', async () => {
  const body = () => new Response('text').body;
  const call = (status) => (fetch, url) =>
    fetch(`${url}/${status}`, { method: 'POST', body: body(), duplex: 'half' });
  expect((await both.compare(call(303))).got).toMatchObject({ status: 200 });
  expect((await both.compare(call(307))).got).toEqual({ rejected: 'TypeError' });
  expect(await failure(call(308)(both.client.fetch, ''))).toMatchObject(refused('ERR_BODY_NOT_REPLAYABLE'));
});

test('to another origin, neither the token nor the headers go along', async () => {
  const response = await both.client.fetch(away(), { headers: { 'x-own': '1', cookie: 'a=b' } });
  expect(response).toMatchObject({ status: 200, redirected: true, url: `${elsewhere.url}/` });
  expect(elsewhere.seen).toHaveLength(1);
  const text = elsewhere.seen[0].rawHeaders.join('\n');
  for (const own of [TOKEN, 'x-own', 'cookie', 'authorization'])
    expect(text.toLowerCase()).not.toContain(own.toLowerCase());
});

describe('a mode that the client was given', () => {
  const withMode = (redirect) => clientFor(both.server, { redirect });

  test('same-origin', async () => {
    const { fetch } = withMode('same-origin');
    expect((await fetch('/302')).redirected).toBe(true);
    expect(await failure(fetch(away()))).toMatchObject(refused('ERR_REDIRECT'));
    expect(await failure(fetch(new Request(both.server.url + away())))).toMatchObject(
      refused('ERR_REDIRECT'),
    );
    expect(elsewhere.seen).toHaveLength(0);
  });

  test('manual, error and follow', async () => {
    expect((await withMode('manual').fetch('/302')).status).toBe(302);
    expect(await failure(withMode('error').fetch('/302'))).toMatchObject(refused('ERR_REDIRECT'));
    expect((await withMode('follow').fetch(away())).url).toBe(`${elsewhere.url}/`);
  });

  test('holds for its sessions', async () => {
    const client = clientFor(both.server, {
      redirect: 'manual',
      getTokens: () => ({ accessToken: TOKEN }),
      setTokens() {},
      tokens: undefined,
    });
    expect((await client.session('ada').fetch('/302')).status).toBe(302);
  });

  test('yields to the request’s own', async () => {
    const { fetch } = withMode('error');
    expect((await fetch('/302', { redirect: 'follow' })).status).toBe(200);
    expect((await fetch(new Request(`${both.server.url}/302`, { redirect: 'manual' }))).status).toBe(302);
    const request = new Request(`${both.server.url}/302`, { redirect: 'manual' });
    expect((await fetch(request, { redirect: 'follow' })).status).toBe(200);
  });
});

test('a client that was given none follows to other origins, and so do its sessions', async () => {
  const stored = { getTokens: () => ({ accessToken: TOKEN }), setTokens() {}, tokens: undefined };
  const client = clientFor(both.server, stored);
  for (const { fetch } of [client, client.session('ada'), clientFor(both.server, { redirect: undefined })]) {
    expect((await fetch(away())).url).toBe(`${elsewhere.url}/`);
  }
});
