'use strict';

// Asks a Next.js server for its route, whose client has an expired token.

const { once } = require('node:events');
const { startAuthServer } = require('../lib/testing.js');
const { start } = require('../tools/leftovers.js');

/**
 * @param {string} file  Next's own command, or the server of a standalone output
 * @param {string} cwd
 */
async function askNext(file, cwd) {
  const server = await startAuthServer({ reuse: 'strict' });
  const { refreshToken } = server.login('ada');
  server.expire();
  const env = { API_URL: server.url, TOKEN_ENDPOINT: server.tokenEndpoint, REFRESH_TOKEN: refreshToken };
  const args = file.endsWith('bin/next') ? ['start', '--hostname', '127.0.0.1', '--port', '0'] : [];
  const settings = { HOSTNAME: '127.0.0.1', PORT: '0', NEXT_TELEMETRY_DISABLED: '1', ...env };
  const child = start(process.execPath, [file, ...args], { cwd, env: { ...process.env, ...settings } });
  try {
    const url = await addressOf(child);
    const answer = await fetch(`${url}/orders`);
    const text = `${answer.status} ${await answer.text()} ${JSON.stringify(server.ledger.counts)}`;
    const { refreshes, reuses } = server.ledger.counts;
    return { ok: answer.status === 200 && refreshes === 1 && reuses === 0, text };
  } finally {
    const ended = once(child, 'exit');
    if (child.exitCode === null && child.kill()) await ended;
    await server.close();
  }
}

/** The address that it prints. */
function addressOf(child) {
  return new Promise((resolve, reject) => {
    let text = '';
    const read = (chunk) => {
      text += chunk;
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? [];
      if (url !== undefined && text.includes('Ready')) resolve(url);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.once('exit', () => reject(new Error(`the server has ended\n${text}`)));
  });
}

module.exports = { askNext };
