'use strict';

// The test server, with two grants more: a login by code, and client credentials. Both open a session of the test server.

const { createServer } = require('node:http');
const { once } = require('node:events');
const { text } = require('node:stream/consumers');
const { startAuthServer } = require('../../lib/testing.js');

const SECRET = 'of the service';

async function startTokenServer() {
  const auth = await startAuthServer();
  const front = createServer(async (request, response) => {
    const body = await text(request);
    const answer = await answerTo(new URLSearchParams(body), request, body, auth);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
  await once(front.listen(0, '127.0.0.1'), 'listening');
  const close = () => {
    front.closeAllConnections();
    front.close();
    return auth.close();
  };
  return { auth, tokenEndpoint: `http://127.0.0.1:${front.address().port}/token`, close };
}

async function answerTo(form, request, body, auth) {
  const type = form.get('grant_type');
  const basic = `Basic ${Buffer.from(`orders-service:${encodeURIComponent(SECRET).replaceAll('%20', '+')}`).toString('base64')}`;
  if (type === 'client_credentials' && request.headers.authorization === basic) {
    const { accessToken } = auth.login('orders-service');
    return json({ access_token: accessToken, token_type: 'Bearer', expires_in: 3600 });
  }
  if (type === 'authorization_code' && form.get('code') === 'good') {
    const { accessToken, refreshToken } = auth.login('ada');
    return json({ access_token: accessToken, refresh_token: refreshToken, expires_in: 3600 });
  }
  const headers = { 'content-type': request.headers['content-type'] };
  const answer = await fetch(auth.tokenEndpoint, { method: 'POST', headers, body });
  return { status: answer.status, body: await answer.text() };
}

const json = (value) => ({ status: 200, body: JSON.stringify(value) });

module.exports = { SECRET, startTokenServer };
