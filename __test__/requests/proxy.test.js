'use strict';

// Proxies written here, and what they and the origins behind them get to see. What a proxy can answer wrongly is tested
// in src/engine/http/connect/proxy/tests.rs.

const { once } = require('node:events');
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');
const net = require('node:net');
const { NetworkError, TimeoutError } = require('../..');
const {
  QUERY,
  TOKEN,
  clientFor,
  closeServers,
  failure,
  freePort,
  listening,
  serve,
} = require('./servers.js');
const tls = require('../support/tls');

const USER = 'us%C3%A9r';
const PASSWORD = 'p%40ss-marker';
const BASIC = `Basic ${Buffer.from('usér:p@ss-marker').toString('base64')}`;

afterEach(closeServers);

/**
 * An HTTP proxy that tunnels to and asks `to` whatever it is told, since no name of these tests exists. `seen` are the
 * requests made of it. `refuse`: the status that it answers instead.
 */
async function serveProxy(to, { refuse, secure } = {}) {
  const seen = [];
  const note = ({ method, url, headers }) => seen.push({ method, url, headers });
  const forward = (request, response) => {
    note(request);
    if (refuse) return response.writeHead(refuse).end('refused');
    const { pathname, search } = new URL(request.url);
    const { method } = request;
    const headers = { ...request.headers };
    delete headers['proxy-authorization'];
    const asked = http.request({ port: to.port, path: pathname + search, method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    request.pipe(asked);
  };
  const server = secure
    ? https.createServer({ cert: tls.server, key: tls.key }, forward)
    : http.createServer(forward);
  server.on('connect', (request, socket) => {
    note(request);
    if (refuse) return socket.end(`HTTP/1.1 ${refuse} No\r\ncontent-length: 0\r\n\r\n`);
    const tunnel = net.connect(to.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      tunnel.pipe(socket).pipe(tunnel);
    });
    for (const end of [tunnel, socket])
      end.on('error', () => [tunnel, socket].forEach((each) => each.destroy()));
  });
  return listening(server, { seen }, secure ? 'https' : 'http');
}

/** A SOCKS 5 proxy; `seen` are the addresses that it was asked for: { type, host, port }. */
async function serveSocks(to, { password } = {}) {
  const seen = [];
  const server = net.createServer(async (socket) => {
    const bytes = reader(socket);
    try {
      const [, methods] = await bytes(2);
      await bytes(methods);
      socket.write(Buffer.from([5, password ? 2 : 0]));
      if (password) {
        const user = (await bytes((await bytes(2))[1])).toString();
        const given = (await bytes((await bytes(1))[0])).toString();
        socket.write(Buffer.from([1, `${user}:${given}` === password ? 0 : 1]));
      }
      const [, , , type] = await bytes(4);
      const host = await bytes(type === 3 ? (await bytes(1))[0] : type === 4 ? 16 : 4);
      const port = (await bytes(2)).readUInt16BE();
      seen.push({ type, host: type === 3 ? host.toString() : host.join('.'), port });
    } catch {
      return; // the client left
    }
    const tunnel = net.connect(to.port, '127.0.0.1', () => {
      socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
      bytes.stop();
      tunnel.pipe(socket).pipe(tunnel);
    });
    for (const end of [tunnel, socket])
      end.on('error', () => [tunnel, socket].forEach((each) => each.destroy()));
  });
  return listening(server, { seen }, 'socks5');
}

/** Reads so many bytes at a time. */
function reader(socket) {
  let held = Buffer.alloc(0);
  const onData = (data) => {
    held = Buffer.concat([held, data]);
    socket.emit('held');
  };
  socket.on('data', onData);
  const bytes = async (count) => {
    while (held.length < count) await once(socket, 'held');
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return taken;
  };
  bytes.stop = () => socket.off('data', onData);
  return bytes;
}

const withPassword = ({ url }) => url.replace('://', `://${USER}:${PASSWORD}@`);
const secureOrigin = () => serve(undefined, { secure: true });

/** `failure`, and nothing of the proxy's credentials either. */
async function refused(promise) {
  const error = await failure(promise);
  for (let at = error; at; at = at.cause) {
    for (const text of [at.message, at.stack, JSON.stringify(at)]) {
      for (const secret of ['marker', 'us%', 'usér', BASIC.slice(6)]) expect(text).not.toContain(secret);
    }
  }
  return error;
}

describe('an HTTP proxy', () => {
  test('makes a tunnel to an https origin, and learns of it no more than its name', async () => {
    const origin = await secureOrigin();
    const proxy = await serveProxy(origin);
    const client = clientFor(origin, { proxy: withPassword(proxy), tls: { ca: tls.ca } });
    expect(await (await client.get(`/path?${QUERY}`)).text()).toBe('ok');
    await client.get('/again');
    const authority = `127.0.0.1:${origin.port}`;
    expect(proxy.seen).toEqual([
      { method: 'CONNECT', url: authority, headers: { host: authority, 'proxy-authorization': BASIC } },
    ]);
    expect(origin.seen).toHaveLength(2);
    expect(origin.seen[0].headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, host: authority });
    expect(origin.seen[0].headers).not.toHaveProperty('proxy-authorization');
  });

  test('carries HTTP/2', async () => {
    const versions = [];
    const origin = await listening(
      http2.createSecureServer({ cert: tls.server, key: tls.key }, (request, response) => {
        versions.push(request.httpVersion);
        response.end(request.url);
      }),
      {},
      'https',
    );
    const proxy = await serveProxy(origin);
    const client = clientFor(origin, { proxy: proxy.url, tls: { ca: tls.ca } });
    const paths = Array.from({ length: 20 }, (_, i) => `/${i}`);
    expect(await (await client.get('/')).text()).toBe('/');
    const answers = await Promise.all(paths.map(async (path) => (await client.get(path)).text()));
    expect(answers).toEqual(paths);
    expect(new Set(versions)).toEqual(new Set(['2.0']));
    expect(proxy.seen).toHaveLength(1);
  });

  test('does not stand in for the origin’s certificate', async () => {
    const origin = await serve(undefined, { secure: true, cert: tls.elsewhere });
    const proxy = await serveProxy(origin);
    const error = await refused(clientFor(origin, { proxy: proxy.url, tls: { ca: tls.ca } }).get('/'));
    expect(error).toMatchObject({ cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
    const other = clientFor(origin, { proxy: proxy.url, tls: { rejectUnauthorized: false } });
    expect(await other.get('/')).toMatchObject({ status: 200 });
  });

  test('passes on the client’s certificate to the origin', async () => {
    const origin = await serve(
      (request, response) => response.end(request.socket.getPeerCertificate().subject.CN),
      {
        secure: true,
        requestCert: true,
        rejectUnauthorized: true,
        ca: tls.ca,
      },
    );
    const proxy = await serveProxy(origin);
    const client = clientFor(origin, {
      proxy: proxy.url,
      tls: { ca: tls.ca, cert: tls.server, key: tls.key },
    });
    expect(await (await client.get('/')).text()).toBe('localhost');
  });

  test('is given requests for http origins whole', async () => {
    const origin = await serve();
    const proxy = await serveProxy(origin);
    const client = clientFor(
      { url: 'http://api.example/v1' },
      { proxy: withPassword(proxy), allowInsecure: true },
    );
    expect(await (await client.post(`/path?${QUERY}`, 'body')).text()).toBe('ok');
    expect(proxy.seen).toMatchObject([
      {
        method: 'POST',
        url: `http://api.example/v1/path?${QUERY}`,
        headers: { host: 'api.example', 'proxy-authorization': BASIC, authorization: `Bearer ${TOKEN}` },
      },
    ]);
    expect(origin.seen).toMatchObject([{ url: `/v1/path?${QUERY}`, body: Buffer.from('body') }]);
  });

  test('behind https is spoken to over TLS, and is shown no certificate', async () => {
    const origin = await secureOrigin();
    const proxy = await serveProxy(origin, { secure: true });
    const client = clientFor(origin, { proxy: withPassword(proxy), tls: { ca: tls.ca } });
    expect(await client.get('/')).toMatchObject({ status: 200 });
    const plain = await serve();
    const plainProxy = await serveProxy(plain, { secure: true });
    const plainClient = clientFor(plain, { proxy: plainProxy.url, tls: { ca: tls.ca } });
    expect(await plainClient.get('/')).toMatchObject({ status: 200 });
    expect([proxy.seen, plainProxy.seen]).toMatchObject([
      [{ method: 'CONNECT', headers: { 'proxy-authorization': BASIC } }],
      [{ method: 'GET', url: `${plain.url}/` }],
    ]);
    const error = await refused(clientFor(origin, { proxy: withPassword(proxy) }).get('/'));
    expect(error).toMatchObject({ cause: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' } });
    expect(error.message).toContain(`its proxy ${proxy.url} `);
  });

  test.each([407, 403, 502])('that answers %i makes no tunnel', async (status) => {
    const origin = await secureOrigin();
    const proxy = await serveProxy(origin, { refuse: status });
    const client = clientFor(origin, { proxy: withPassword(proxy), tls: { ca: tls.ca } });
    const error = await refused(client.get(`/?${QUERY}`));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ code: 'ERR_NETWORK', cause: { code: 'ERR_PROXY_TUNNEL' } });
    expect(error.message).toContain(
      `${origin.url} cannot be reached: its proxy ${proxy.url} refused the tunnel with status ${status}`,
    );
    expect(origin.sockets.size).toBe(0);
  });

  test('that answers itself to plain http is heard', async () => {
    const proxy = await serveProxy(undefined, { refuse: 407 });
    const client = clientFor({ url: 'http://api.example' }, { proxy: proxy.url, allowInsecure: true });
    expect(await client.get('/')).toMatchObject({ status: 407 });
  });

  test('that nobody runs', async () => {
    const proxy = { url: `http://127.0.0.1:${await freePort()}` };
    const error = await refused(
      clientFor({ url: 'https://api.example' }, { proxy: withPassword(proxy) }).get('/'),
    );
    expect(error).toMatchObject({ code: 'ERR_NETWORK', cause: { code: 'ECONNREFUSED' } });
    expect(error.message).toContain(
      `https://api.example cannot be reached: its proxy ${proxy.url} refused the connection`,
    );
  });

  test('that never answers is a connect that takes too long', async () => {
    const silent = await listening(net.createServer(), {}, 'http');
    const client = clientFor({ url: 'https://api.example' }, { proxy: withPassword(silent), timeout: 200 });
    const error = await refused(client.get('/'));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: 'connect' });
  });
});

describe('a SOCKS proxy', () => {
  test.each([
    ['socks5', { type: 1, host: '127.0.0.1' }],
    ['socks5h', { type: 3, host: 'localhost' }],
  ])('by %s', async (scheme, address) => {
    const origin = await secureOrigin();
    const proxy = await serveSocks(origin, { password: 'usér:p@ss-marker' });
    const client = clientFor(
      { url: `https://localhost:${origin.port}` },
      { proxy: withPassword(proxy).replace('socks5', scheme), tls: { ca: tls.ca } },
    );
    expect(await client.get('/')).toMatchObject({ status: 200 });
    // A machine may have localhost as ::1.
    const [seen] = proxy.seen;
    if (seen.type === 4) Object.assign(seen, { type: 1, host: '127.0.0.1' });
    expect(proxy.seen).toEqual([{ ...address, port: origin.port }]);
    expect(origin.seen).toMatchObject([{ headers: { authorization: `Bearer ${TOKEN}` } }]);
  });

  test('carries plain http, to port 80 if there is none', async () => {
    const origin = await serve();
    const proxy = await serveSocks(origin);
    const options = { proxy: proxy.url.replace('socks5', 'socks5h'), allowInsecure: true };
    const client = clientFor({ url: 'http://api.example' }, options);
    expect(await client.get('/x')).toMatchObject({ status: 200 });
    expect(proxy.seen).toEqual([{ type: 3, host: 'api.example', port: 80 }]);
    expect(origin.seen).toMatchObject([{ url: '/x', headers: { host: 'api.example' } }]);
  });

  test('that refuses the password', async () => {
    const origin = await secureOrigin();
    const proxy = await serveSocks(origin, { password: 'another' });
    const error = await refused(clientFor(origin, { proxy: withPassword(proxy) }).get('/'));
    expect(error).toMatchObject({ code: 'ERR_NETWORK', cause: { code: 'ERR_PROXY_TUNNEL' } });
    expect(error.message).toContain(`its proxy ${proxy.url} refused the user name and password`);
    expect(proxy.seen).toEqual([]);
  });
});

test('plain http to this machine does not go through another one', async () => {
  const origin = await serve();
  for (const proxy of ['http://192.0.2.1:3128', 'socks5://192.0.2.1']) {
    const error = await refused(clientFor(origin, { proxy }).get('/'));
    expect(error).toMatchObject({ code: 'ERR_INSECURE_TRANSPORT' });
  }
});

describe('the environment', () => {
  const NAMES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'];
  const ALL = [...NAMES, ...NAMES.map((name) => name.toUpperCase()), 'REQUEST_METHOD'];
  let before;

  beforeEach(() => {
    before = Object.fromEntries(ALL.map((name) => [name, process.env[name]]));
    for (const name of ALL) delete process.env[name];
  });

  afterEach(() => {
    for (const name of ALL) delete process.env[name];
    for (const name of ALL) if (before[name] !== undefined) process.env[name] = before[name];
  });

  const plain = { url: 'http://api.example' };
  const secure = { url: 'https://elsewhere.example' };
  const options = { proxy: 'env', allowInsecure: true, tls: { ca: tls.ca } };

  /** An origin for each scheme, and a proxy in front of each. */
  async function world() {
    const origins = [await serve(), await serve(undefined, { secure: true, cert: tls.elsewhere })];
    const proxies = [await serveProxy(origins[0]), await serveProxy(origins[1])];
    return { proxies, urls: proxies.map(withPassword) };
  }

  test.each([
    ['lower case', { http: 'http_proxy', https: 'https_proxy' }],
    ['upper case', { http: 'HTTP_PROXY', https: 'HTTPS_PROXY' }],
  ])('%s', async (_name, names) => {
    const { proxies, urls } = await world();
    process.env[names.http] = urls[0];
    process.env[names.https] = urls[1];
    expect(await clientFor(plain, options).get('/')).toMatchObject({ status: 200 });
    expect(await clientFor(secure, options).get('/')).toMatchObject({ status: 200 });
    expect(proxies.map(({ seen }) => seen)).toMatchObject([
      [{ method: 'GET', headers: { 'proxy-authorization': BASIC } }],
      [{ method: 'CONNECT', url: 'elsewhere.example:443', headers: { 'proxy-authorization': BASIC } }],
    ]);
  });

  test.each(['all_proxy', 'ALL_PROXY'])('%s is for what has no other', async (name) => {
    const { proxies, urls } = await world();
    process.env[name] = urls[0];
    process.env.https_proxy = urls[1];
    await clientFor(plain, options).get('/');
    await clientFor(secure, options).get('/');
    expect(proxies.map(({ seen }) => seen.length)).toEqual([1, 1]);
  });

  test('lower case goes first, and a scheme may be left out', async () => {
    const { proxies, urls } = await world();
    process.env.http_proxy = urls[0].replace('http://', '');
    process.env.HTTP_PROXY = 'http://192.0.2.1';
    expect(await clientFor(plain, options).get('/')).toMatchObject({ status: 200 });
    expect(proxies[0].seen).toHaveLength(1);
  });

  test('is read when the client is made, and not again', async () => {
    const { proxies, urls } = await world();
    process.env.http_proxy = urls[0];
    const client = clientFor(plain, options);
    process.env.http_proxy = 'http://192.0.2.1';
    expect(await client.get('/')).toMatchObject({ status: 200 });
    expect(proxies[0].seen).toHaveLength(1);
  });

  test.each([undefined, false])('is not read with proxy %p', async (proxy) => {
    const origin = await serve();
    Object.assign(process.env, { http_proxy: 'http://192.0.2.1', ALL_PROXY: 'http://192.0.2.1' });
    expect(await clientFor(origin, { proxy }).get('/')).toMatchObject({ status: 200 });
  });

  test.each([{}, { HTTP_PROXY: '' }, { NO_PROXY: '*', HTTP_PROXY: 'http://192.0.2.1' }])(
    'this machine is reached directly with %p',
    async (variables) => {
      const origin = await serve();
      Object.assign(process.env, variables);
      expect(await clientFor(origin, { proxy: 'env' }).get('/')).toMatchObject({ status: 200 });
    },
  );

  test('this machine is reached directly, whatever the variables say', async () => {
    const origin = await serve();
    process.env.http_proxy = 'http://192.0.2.1';
    expect(await clientFor(origin, { proxy: 'env' }).get('/')).toMatchObject({ status: 200 });
  });

  test.each(['no_proxy', 'NO_PROXY'])('%s is respected', async (name) => {
    const { proxies, urls } = await world();
    process.env.http_proxy = urls[0];
    process.env[name] = 'other.example, .api.invalid';
    const direct = await refused(clientFor({ url: 'http://x.api.invalid' }, options).get('/'));
    expect(direct.cause.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
    expect(proxies[0].seen).toEqual([]);
    expect(await clientFor(plain, options).get('/')).toMatchObject({ status: 200 });
  });

  test('of a CGI program HTTP_PROXY is not believed', async () => {
    process.env.REQUEST_METHOD = 'GET';
    process.env.HTTP_PROXY = 'http://192.0.2.1';
    const error = await refused(clientFor({ url: 'http://api.invalid' }, options).get('/'));
    expect(error.cause.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
  });

  test.each([
    ['HTTP_PROXY', 'ftp://marker'],
    ['https_proxy', 'http://u:marker@'],
    ['ALL_PROXY', 'socks4://marker'],
  ])('a %s that is no proxy is named and not shown', (name, value) => {
    process.env[name] = value;
    let error;
    try {
      clientFor(plain, options);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining(name) });
    expect(error.stack).not.toContain('marker');
  });
});
