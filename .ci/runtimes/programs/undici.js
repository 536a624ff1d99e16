'use strict';

// undici sends the requests, and the client brings the token: one refresh for twenty that were rejected.

const assert = require('node:assert/strict');
const { tokenInterceptor } = require('token-rotator/undici');
const { Agent, request } = require('undici');
const { judge, start } = require('./start.js');

async function main() {
  const { server, client } = await start();
  const dispatcher = new Agent().compose(tokenInterceptor(client));
  const get = async () => {
    const { statusCode, body } = await request(`${server.url}/api/orders`, { dispatcher });
    await body.dump();
    return statusCode;
  };
  assert.equal(await get(), 200);
  server.expire();
  assert.deepEqual(await Promise.all(Array.from({ length: 20 }, get)), Array(20).fill(200));
  judge(server, 1);
  await dispatcher.close();
  await client.close();
  await server.close();
}

main().then(() => console.log('done'));
