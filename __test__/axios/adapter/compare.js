'use strict';

// The same requests by axios' own http adapter and by `axiosAdapter`, against the same server: what the caller gets and
// what the server sees must be the same. A test file is its cases: `compare(__filename, cases)`.
//
// A case: {
//   name,
//   serve(request, response, body),  // default: 200 and JSON of what was asked
//   send(api, { axios, url, server }),  // `api` is an axios instance without a baseURL
//   want,     // what axios' own adapter makes of it, in part, or a function for that: so no case can agree on nothing
//   in10,     // the same for axios 1.0, if that differs; 'fails': it cannot do this, and through us it does what
//             // is wanted; 'ours': it is not asked
//   ours,     // where we differ on purpose, and docs/axios.md says so: what comes of it through us, in part
//   except,   // names of what is not compared, of the error or the response; or 'seen'
//   client,   // options of the TokenClient
// }
//
// The requests are made in a process without jest, whose realms axios 1.0 cannot stand: in there it takes Node's own
// objects for something else.

const { fork } = require('node:child_process');
const { once } = require('node:events');

const VERSIONS = ['axios', 'axios-1.0'];

function compare(filename, cases) {
  if (process.env.AXIOS_CASES !== undefined) {
    require('./outcomes.js').send(cases, VERSIONS);
    return;
  }
  const rows = cases.map((each) => [each.name, each]);
  jest.setTimeout(120_000);

  let outcomes;
  let child;

  beforeAll(async () => {
    const env = { ...process.env, AXIOS_CASES: 'all' };
    child = fork(filename, { env, serialization: 'advanced', execArgv: [] });
    child.on('message', (message) => (outcomes = message));
    const [status] = await once(child, 'close');
    expect(status).toBe(0);
  });

  afterAll(() => child.kill());

  describe.each(VERSIONS)('%s', (version) => {
    test.each(rows)('%s', (name, spec) => {
      judge(version === 'axios-1.0', spec, outcomes.get(version).get(name));
    });
  });
}

function judge(is10, { want, in10, ours: differs, except = [] }, { own, ours }) {
  if (is10 && (in10 === 'fails' || in10 === 'ours')) {
    if (in10 === 'fails') expect(own).not.toMatchObject(valueOf(want));
    expect(ours).toMatchObject(valueOf(want));
    return;
  }
  expect(own).toMatchObject(valueOf(is10 && in10 ? in10 : want));
  if (differs) {
    expect(own).not.toMatchObject(differs);
    expect(ours).toMatchObject(differs);
  } else {
    expect(without(ours, except)).toEqual(without(own, except));
  }
}

/** Jest's matchers are there on this side only. */
function valueOf(want) {
  return typeof want === 'function' ? want() : want;
}

function without({ response, error, ...rest }, names) {
  const part = { ...(response ?? error) };
  for (const name of names) delete part[name];
  const all = { ...rest, [response ? 'response' : 'error']: part };
  if (names.includes('seen')) delete all.seen;
  return all;
}

module.exports = { compare };
