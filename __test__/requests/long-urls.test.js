'use strict';

// A URL of up to 512 bytes crosses to Rust by a shorter way than a longer one. It must not matter which way it takes.

const { clientFor, closeServers, serve } = require('./servers.js');

afterEach(closeServers);

/** Of one to four bytes in UTF-8. The last, half a pair, crosses as U+FFFD. */
const LETTERS = { a: 'a', é: '%C3%A9', '€': '%E2%82%AC', '😀': '%F0%9F%98%80', '\ud800': '%EF%BF%BD' };

test.each(Object.entries(LETTERS))(
  'of every length around 512 bytes, with %j at its end',
  async (letter, sent) => {
    const server = await serve();
    const client = clientFor(server);
    const paths = Array.from({ length: 24 }, (_, i) => `/${'x'.repeat(500 - server.url.length + i)}`);
    for (const path of paths) await client.get(server.url + path + letter);
    expect(server.seen.map(({ url }) => url)).toEqual(paths.map((path) => path + sent));
  },
);
