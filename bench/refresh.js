'use strict';

// The refresh every client is given: one POST with node:http, so that none is charged for its own.

const { once } = require('node:events');
const http = require('node:http');

async function refreshTokens(origin, refreshToken) {
  const body = JSON.stringify({ grant_type: 'refresh_token', refresh_token: refreshToken });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const request = http.request(`${origin}/token`, { method: 'POST', headers, agent: false }).end(body);
  const [response] = await once(request, 'response');
  const answer = JSON.parse((await response.setEncoding('utf8').toArray()).join(''));
  if (response.statusCode !== 200) {
    throw Object.assign(new Error(`refresh: ${answer.error}`), {
      response: { status: response.statusCode, data: answer },
    });
  }
  return { accessToken: answer.access_token, refreshToken: answer.refresh_token };
}

module.exports = { refreshTokens };
