'use strict';

const { closeServers } = require('./servers.js');
const { attempt, expectKind, expectNextAnswer, freed, hostileClient, serveHostile } = require('./hostile.js');

afterEach(closeServers);
jest.setTimeout(60_000);

const TABLES = { ...require('./hostile-answers.js'), ...require('./hostile-chunks.js') };

describe.each(Object.entries(TABLES))('%s', (_theme, answers) => {
  test.each(answers)('%s', async (_name, answer, expected, { method, end, closes } = {}) => {
    const bytes = Buffer.from(answer, 'latin1');
    const server = await serveHostile((socket) => (end ? socket.end(bytes) : socket.write(bytes)));
    // The one place on the wire must be free again, and the connection that had it unused or fit for use.
    const client = hostileClient(server, { connections: 1 });
    const actual = await attempt(client, method);
    expectKind(actual, expected);
    await expectNextAnswer(client, server);
    // What came whole leaves its connection fit for use, also if it cannot be decoded.
    if (closes || (actual.error && !/ Z_/.test(actual.kind))) {
      await freed(server);
      expect(server.connections[0].text).not.toContain('GET /next ');
    }
  });
});
