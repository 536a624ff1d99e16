'use strict';

// Requests that end early: by a signal, by a time limit, and by `close()`, each with its own error.

const assert = require('node:assert/strict');
const { ClientClosedError, TimeoutError } = require('token-rotator');
const { judge, start } = require('./start.js');

async function main() {
  const { server, client } = await start();
  const reason = new Error('enough');
  await assert.rejects(client.get('/api/orders', { signal: AbortSignal.abort(reason) }), reason);

  const held = server.fault({ at: 'api', kind: 'hang', times: Infinity });
  const controller = new AbortController();
  const aborted = assert.rejects(client.get('/api/orders', { signal: controller.signal }), reason);
  await server.waitFor(({ hanging }) => hanging === 1);
  controller.abort(reason);
  await aborted;

  const timeout = { name: 'TimeoutError' };
  await assert.rejects(client.get('/api/orders', { signal: AbortSignal.timeout(50) }), timeout);
  await assert.rejects(
    client.fetch(`${server.url}/api/orders`, { signal: AbortSignal.timeout(50) }),
    timeout,
  );
  await assert.rejects(client.get('/api/orders', { timeout: 50 }), TimeoutError);
  held.cancel();
  assert.equal((await client.get('/api/orders')).status, 200);

  // A request that waits for a rotation ends with the client, and the rotation is finished.
  server.release();
  server.expire();
  server.fault({ at: 'before-rotate', kind: 'hang' });
  const ended = assert.rejects(client.get('/api/orders'), ClientClosedError);
  await server.waitFor(({ hanging }) => hanging === 1);
  const closed = client.close();
  await ended;
  server.release();
  await closed;
  judge(server, 1);
  await server.close();
}

main().then(() => console.log('done'));
