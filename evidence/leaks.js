'use strict';

// `npm run leaks`: errors, log lines, warnings and everything else that a program could print, from clients whose tokens, secrets
// and passwords are marked; from listeners to traces, from Prometheus' text, and from stores. A mark in a text is a leak.
//
//     npm run leaks -- --texts=100000

const http = require('node:http');
const { once } = require('node:events');
const { print, readOptions, runProgram } = require('../tools/command-line.js');
const { round } = require('./leak-cases.js');
const { stores } = require('./leak-stores.js');
const { listen } = require('./leak-traces.js');
const { forms, shown } = require('./shown.js');

const MARK = 's3cr3tM4rk';

/** Quotes secrets wherever a server can: bodies, headers, reasons. */
function answers(secret) {
  const text = (status, body, headers = {}) => ({ status, body, headers });
  return {
    '/418': () => text(418, secret(), { 'x-a': secret() }),
    '/401': () =>
      text(401, secret(), { 'www-authenticate': `Bearer error="invalid_token", x="${secret()}"` }),
    '/away': () => text(307, secret(), { location: `https://example.com/${secret()}` }),
    '/nowhere': () => text(307, secret(), { location: `http://[${secret()}` }),
    '/junk': () => text(200, `{"${secret()}": ${secret()}`),
    '/token-junk': () => text(200, JSON.stringify({ access_token: `${secret()} x`, refresh_token: 7 })),
    '/token-refused': () =>
      text(
        400,
        JSON.stringify({ error: 'invalid_grant', error_description: secret(), [secret()]: secret() }),
      ),
    '/token-down': () => text(503, secret(), { 'retry-after': '0' }),
    '/token-html': () => text(200, `<p>${secret()}</p>`, { 'content-type': 'text/html' }),
  };
}

async function startServer(secret) {
  const known = answers(secret);
  const server = http.createServer((request, response) => {
    request.resume();
    const path = request.url.split('?', 1)[0];
    if (path === '/reset') return request.socket.destroy();
    const { status, body, headers } = known[path]?.() ?? { status: 200, body: '{}', headers: {} };
    response.writeHead(status, headers).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Makes at least `wanted` texts and looks at each: `{ texts, values, leaks }`, a leak with its mark taken out. */
async function scan(wanted) {
  let serial = 0;
  const secret = () => `${MARK}${(serial += 1)}`;
  const looked = forms(MARK);
  const found = { texts: 0, values: 0, leaks: [] };
  const note = (...values) => {
    found.values += values.length;
    for (const text of values.flatMap((value) => shown(value))) {
      found.texts += 1;
      const lower = text.toLowerCase();
      if (looked.some((form) => lower.includes(form)))
        found.leaks.push(text.replaceAll(new RegExp(MARK, 'gi'), '<leak>'));
    }
  };
  // Without a mark: an error that the user throws is the user's, and the cause of the client's.
  const thrown = () => new Error('failed');
  const warn = (warning) => note(warning);
  process.on('warning', warn);
  const server = await startServer(secret);
  const heard = listen(note);
  try {
    const url = `http://127.0.0.1:${server.address().port}`;
    while (found.texts < wanted) {
      await round({ secret, note, thrown, url });
      await stores({ secret, note, url });
      heard.flush();
    }
  } finally {
    heard.end();
    process.off('warning', warn);
    server.closeAllConnections();
    server.close();
  }
  return found;
}

async function main(args) {
  const usage = 'usage: npm run leaks -- [--texts=<n>]';
  const { help, texts: wanted } = readOptions(args, { usage, numbers: { texts: 100_000 } });
  if (help) return print(usage);
  const { texts, values, leaks } = await scan(wanted);
  console.log(`${values} values, ${texts} texts, ${leaks.length} leaks`);
  for (const leak of leaks.slice(0, 5)) console.log(leak);
  process.exitCode = leaks.length === 0 ? 0 : 1;
}

if (require.main === module) runProgram(main);

module.exports = { MARK, scan };
