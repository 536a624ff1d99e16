'use strict';

// What redirect-matrix.test.js leaves out, along the same ways: the other modes, methods, requests that bring their own
// authorization or none, rejections, and how far it goes.

const { closeServers } = require('./servers.js');
const { BODY, CARRIED, OWN, STATUSES, WAYS, around, carry } = require('./redirect-cases.js');
const { openWorld, travel } = require('./redirect-world.js');

let world;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(closeServers);

const ELSEWHERE = { name: 'elsewhere', stops: ['home', 'second'] };
const LEAVING = WAYS.filter(({ stops, refused }) => !refused && new Set(stops).size > 1);
const [TOKEN_ALONE] = CARRIED;
const EVERYTHING = carry('everything', {
  client: { headers: { 'x-api-key': OWN } },
  request: {
    method: 'POST',
    body: BODY,
    headers: { cookie: `sid=${OWN}`, 'proxy-authorization': OWN, 'content-type': 'application/x-own' },
  },
});

describe.each(['same-origin', 'error', 'manual'])('mode %s', (mode) => {
  const cases = WAYS.map((way, i) => ({ way, status: STATUSES[i % STATUSES.length] }));
  test.each(cases)('$status, $way.name', ({ way, status }) =>
    travel(world, { way, carried: EVERYTHING, mode, status }),
  );
});

describe.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'REPORT'])(
  'method %s',
  (method) => {
    const headers = { 'content-type': 'application/x-own' };
    const request = method === 'GET' || method === 'HEAD' ? { method } : { method, body: BODY, headers };
    const carried = carry(method, { request });
    test.each(STATUSES)('%i', (status) => travel(world, { way: ELSEWHERE, carried, status }));
  },
);

/** Sent as it is, whoever is logged in. */
const PLAIN = [
  carry('an auth header of its own', { request: { headers: { authorization: `Basic ${OWN}` } } }),
  carry('an auth header of its own, of another name', {
    client: { header: { name: 'x-token' }, headers: { 'x-api-key': OWN } },
    request: { headers: { 'x-token': OWN } },
  }),
  carry('skipAuthRefresh', {
    client: { headers: { 'x-api-key': OWN } },
    request: { skipAuthRefresh: true, headers: { cookie: `sid=${OWN}` } },
  }),
];

describe.each(PLAIN)('$name', (carried) => {
  test.each(WAYS)('$name', (way) => travel(world, { way, carried, status: 307 }));

  test('a 401 elsewhere', () => travel(world, { way: ELSEWHERE, carried, end: 401 }));
});

test.each(STATUSES)('skipAuthRefresh: %i from elsewhere to the own origin', (status) => {
  const carried = carry('', { request: { skipAuthRefresh: true, headers: { cookie: `sid=${OWN}` } } });
  const more = { baseURL: world.origins.home, headers: { 'x-api-key': OWN } };
  return travel(world, { way: { stops: ['second', 'home'] }, carried, status, more });
});

test.each(['accept-language', 'content-token', 'user-agent'])(
  'an auth header of its own stays behind even if it is called %s',
  (name) => {
    const carried = carry(name, { client: { header: { name } }, request: { headers: { [name]: OWN } } });
    return travel(world, { way: ELSEWHERE, carried });
  },
);

test('a header about a body stays behind where there is none', () => {
  const carried = carry('', { request: { headers: { 'content-key': OWN } } });
  return travel(world, { way: ELSEWHERE, carried });
});

test.each(LEAVING)('allowedOrigins takes nothing along: $name', (way) => {
  const more = { allowedOrigins: Object.values(world.origins) };
  return travel(world, { way, carried: EVERYTHING, status: 308, more });
});

describe.each([
  ['401', undefined],
  ['whatever isSessionExpired says', () => true],
])('a rejection elsewhere rotates nothing: %s', (_name, isSessionExpired) => {
  const more = { isSessionExpired };
  test.each(LEAVING)('$name', (way) => travel(world, { way, carried: TOKEN_ALONE, end: 401, more }));

  test('a broken connection', () =>
    travel(world, { way: ELSEWHERE, carried: TOKEN_ALONE, end: 'broken', more }));
});

const RINGS = [['home'], ['home', 'second'], ['home', 'second', 'third']];

describe.each(RINGS.map((ring) => ({ name: ring.join(' → '), ring })))('around $name', ({ ring }) => {
  test.each(STATUSES)('%i for ever', (status) =>
    travel(world, { way: around(ring), carried: EVERYTHING, status }),
  );

  test.each([20, 21])('%i times', (times) =>
    travel(world, { way: around(ring, times), carried: EVERYTHING, status: 307 }),
  );
});

test.each([20, 21])('within the origin, in mode same-origin, %i times', (times) =>
  travel(world, { way: around(['home'], times), carried: EVERYTHING, mode: 'same-origin' }),
);
