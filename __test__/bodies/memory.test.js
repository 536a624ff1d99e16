'use strict';

// A stream passes through, whatever its size: half a gigabyte leaves no more than a few megabytes behind on its way.
// Client and server are processes of their own, so that nothing else is measured.

const { once } = require('node:events');
const { endChildren, reported, start } = require('../lifecycle/child.js');
const { MIB, TRANSPORTS } = require('./support.js');

afterEach(endChildren);
jest.setTimeout(120_000);

const SIZE = 512 * MIB;
const ALLOWED = 32 * 1000 * 1000;

const run = (settings) => start(['--expose-gc', require.resolve('./program.js'), JSON.stringify(settings)]);

describe.each(TRANSPORTS)('%s', (transport) => {
  test.each(['generator', 'Node stream', 'body', 'byob'])('512 MiB by %s', async (kind) => {
    const server = run({ does: 'server', transport });
    const [{ url, options }] = await Promise.race([once(server, 'message'), server.ended]);
    const settings = { does: 'memory', kind, size: SIZE, url, options, tokens: { accessToken: 't' } };
    const { arrived, grown } = await reported(run(settings));
    expect(arrived).toBe(SIZE);
    expect(grown).toBeLessThan(ALLOWED);
  });
});
