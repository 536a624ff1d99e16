'use strict';

// One of the processes that share a store. First it is told the client's options, then access tokens that an API has rejected.

const { TokenClient } = require('../../index.js');

let client;

async function rotate(rejected) {
  try {
    return { accessToken: (await client.rotate({ rejected })).accessToken };
  } catch (error) {
    return { failure: error.code };
  }
}

process.on('disconnect', () => client?.close());
process.on('message', async (message) => {
  if (client !== undefined) return process.send(await rotate(message));
  client = new TokenClient(message);
  // Each begins with the tokens of the login, as programs do that run for a while.
  await client.getTokens();
  process.send({});
});
