'use strict';

// 500 answers of status 401, whose `WWW-Authenticate` this package and npm oauth4webapi read. What this package then does must be what
// follows from the challenges that oauth4webapi reads: rotate, with the claims asked for, or return the answer. Where it does something
// else there is a reason, which is written here by name; then it does what the challenge was made to say.

const { fork } = require('node:child_process');
const { once } = require('node:events');
const { createServer } = require('node:http');
const path = require('node:path');
const { TokenClient } = require('../../index.js');
const { makeChallenges } = require('./support/challenges.js');

const COUNT = 500;

/**
 * Why this package reads a challenge where oauth4webapi reads none at all: servers send such things, and a parameter beside them still says
 * what it says. Each must come at least once.
 */
const REASONS = {
  'a comma or a colon behind the scheme is white space': ({ shape }) =>
    shape === 'a comma behind the scheme' || shape === 'a colon behind the scheme',
  'parameters may be parted by semicolons': ({ shape }) => shape === 'semicolons',
  'a string that is not closed ends with its line': ({ shape }) => shape === 'a quote that is not closed',
  'words in quotes are no scheme': ({ shape }) =>
    shape === 'words in quotes' || shape === 'a value without a name',
  'a value may be empty': ({ shape }) => shape === 'a name without a value',
  'signs of no grammar are left out': ({ shape }) => shape === 'signs of no grammar',
  'a value without quotes ends with a separator': ({ shape }) =>
    shape === 'a URL without quotes' || shape === 'beyond ASCII without quotes',
  'a scheme alone may have white space before its comma': ({ lines }) => /Negotiate\s+,/.test(lines.join()),
};

let server;
let base;
let oracle;
/** Of each answer: how often its API was asked, and the forms that its token endpoint got. */
const seen = [];
const answers = makeChallenges(COUNT, 11);

beforeAll(async () => {
  // Else each of 500 clients would read that file.
  delete process.env.NODE_EXTRA_CA_CERTS;
  server = createServer(async (request, response) => {
    const [, kind, n] = request.url.split('/');
    const body = (await request.setEncoding('utf8').toArray()).join('');
    const of = (seen[n] ??= { calls: 0, forms: [] });
    if (kind === 'token') {
      of.forms.push(new URLSearchParams(body));
      response.setHeader('content-type', 'application/json');
      return response.end('{"access_token":"new","token_type":"Bearer","expires_in":3600}');
    }
    of.calls += 1;
    if (of.calls > 1) return response.end();
    response.writeHead(401, { 'www-authenticate': answers[n].lines }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${server.address().port}`;
  oracle = fork(path.join(__dirname, 'support/challenge-reader.js'));
});

afterAll(async () => {
  oracle.disconnect();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** What this package does after this answer: rotates, and with which claims; or returns it. */
async function done({ n }) {
  const client = new TokenClient({
    baseURL: base,
    grant: { type: 'refresh_token', tokenEndpoint: `${base}/token/${n}`, clientId: 'app' },
    tokens: { accessToken: 'old', refreshToken: 'r' },
  });
  try {
    const { status } = await client.get(`/api/${n}`);
    const { calls, forms } = seen[n];
    expect({ status, calls }).toEqual(
      forms.length > 0 ? { status: 200, calls: 2 } : { status: 401, calls: 1 },
    );
    return forms.length === 0 ? 'returns it' : (forms[0].get('claims') ?? 'rotates');
  } finally {
    await client.close();
  }
}

/** What follows from challenges (RFC 6750 §3.1, RFC 9449 §9, and claims challenges as Microsoft sends them). */
function due(challenges) {
  const find = (...errors) => challenges?.find(({ parameters }) => errors.includes(parameters.error));
  if (find('invalid_token')) return 'rotates';
  if (find('use_dpop_nonce', 'invalid_dpop_proof')) return 'returns it';
  const claims = find('insufficient_claims')?.parameters.claims;
  if (claims !== undefined) return claims.startsWith('{') ? claims : Buffer.from(claims, 'base64').toString();
  return find('insufficient_scope') ? 'returns it' : 'rotates';
}

test('after every challenge this package does what follows from it, or something else for a reason with a name', async () => {
  oracle.send(answers.map(({ lines }) => lines));
  const [read] = await once(oracle, 'message');
  const used = new Set();
  const unexplained = [];
  const counts = { rotates: 0, 'returns it': 0, claims: 0 };
  for (const answer of answers) {
    const challenges = read[answer.n];
    const ours = await done(answer);
    counts[ours.startsWith('{') ? 'claims' : ours] += 1;
    if (ours === due(challenges)) continue;
    const reason = Object.keys(REASONS).find((name) => REASONS[name](answer));
    const isMeant = ours === due([{ parameters: answer.meant }]);
    if (reason !== undefined && challenges === null && isMeant) used.add(reason);
    else unexplained.push({ ...answer, ours, challenges });
  }
  expect(unexplained).toEqual([]);
  expect(Object.keys(REASONS).filter((name) => !used.has(name))).toEqual([]);
  // Else the generator makes nothing but one kind.
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(COUNT / 8);
}, 60_000);
