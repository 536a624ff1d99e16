'use strict';

// What lies on the disk under a `key`, what `token-rotator inspect` says of a store with and without one, and the text for Prometheus.

const { randomBytes } = require('node:crypto');
const { readFileSync, readdirSync, statSync } = require('node:fs');
const path = require('node:path');
const { TokenClient } = require('..');
const { readArguments } = require('../lib/inspect/arguments.js');
const { report } = require('../lib/inspect/report.js');
const { table } = require('../lib/inspect/table.js');
const { listSessions } = require('../lib/crossing/native-inspect.js');
const { prometheusText } = require('../lib/prometheus.js');
const { makeFolder, remove } = require('../tools/leftovers.js');

async function stores({ secret, note, url }) {
  const directory = await makeFolder('leaks-');
  try {
    for (const key of [randomBytes(32).toString('base64'), undefined]) {
      const place = path.join(directory, key === undefined ? 'open' : 'sealed');
      const client = new TokenClient({
        ...{ baseURL: url, store: { type: 'file', path: place, ...(key && { key }) } },
        refresh: () => ({ accessToken: secret(), refreshToken: secret(), note: secret() }),
      });
      const session = client.session(secret());
      await session.setTokens({ accessToken: secret(), refreshToken: secret(), note: secret() });
      await session.rotate();
      await session.get(`/x?t=${secret()}`);
      note(prometheusText(client));
      await client.close();
      if (key !== undefined) for (const text of filesIn(place)) note(text);
      for (const text of inspected(place, key)) note(text);
    }
  } finally {
    await remove(directory);
  }
}

/** Names and bytes of all files. */
function filesIn(directory) {
  return readdirSync(directory, { recursive: true }).flatMap((name) => {
    const file = path.join(directory, String(name));
    return statSync(file).isFile() ? [String(name), readFileSync(file, 'latin1')] : [];
  });
}

/** As the command prints it, with and without `--json`. */
function inspected(place, key) {
  const wanted = readArguments(['inspect', place, ...(key === undefined ? [] : ['--key', key])]);
  const found = report(wanted, JSON.parse(listSessions(wanted)), Date.now());
  return [JSON.stringify(found), table(found)];
}

module.exports = { stores };
