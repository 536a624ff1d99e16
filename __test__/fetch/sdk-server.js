'use strict';

// One server that is as much of each SDK's API as its program asks for, and whose tokens last for five requests.

const { serve } = require('../requests/servers.js');

const USES = 5;
const LARGE = 'x'.repeat(600_000);

/** `ledger` counts what a token server would: { refreshes, reuses, rejected, answered }. */
async function serveSdk() {
  const ledger = { refreshes: 0, reuses: 0, rejected: 0, answered: 0 };
  let left = USES;
  const tokens = () => ({
    access_token: `access-${ledger.refreshes}`,
    refresh_token: `refresh-${ledger.refreshes}`,
  });
  const server = await serve((request, response, body) => {
    const reply = (status, value, headers = {}) =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(value));
    if (request.url === '/token') {
      if (body.toString() !== tokens().refresh_token) {
        ledger.reuses += 1;
        return reply(400, { error: 'invalid_grant' });
      }
      ledger.refreshes += 1;
      left = USES;
      return reply(200, tokens());
    }
    if (left === 0 || request.headers.authorization !== `Bearer ${tokens().access_token}`) {
      ledger.rejected += 1;
      return reply(401, { error: 'expired' });
    }
    left -= 1;
    ledger.answered += 1;
    answer(request, body, reply, response);
  });
  const { access_token: accessToken, refresh_token: refreshToken } = tokens();
  return { url: server.url, ledger, accessToken, refreshToken };
}

async function answer(request, body, reply, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://any.invalid');
  const type = request.headers['content-type'] ?? '';
  switch (`${request.method} ${pathname}`) {
    case 'POST /v1/chat/completions':
      return complete(JSON.parse(body), reply, response);
    case 'POST /v1/files':
    case 'PUT /upload': {
      const file = (await new Response(body, { headers: { 'content-type': type } }).formData()).get('file');
      return reply(200, { filename: file.name, bytes: file.size });
    }
    case 'POST /upload':
      return reply(200, [type, body.toString(), request.headers['content-length']]);
    case 'GET /v1/files/file-1/content':
      return response.end(LARGE);
    case 'GET /repos/ada/engine/issues':
      return reply(200, [searchParams.get('per_page')], { link: '<next>' });
    case 'POST /repos/ada/engine/issues':
      return reply(201, JSON.parse(body));
    case 'POST /graphql':
      return reply(200, { data: { viewer: JSON.parse(body).query } });
    case 'GET /v1/customers/cus_7':
      return reply(200, { id: 'cus_7', object: 'customer', name: 'ü' });
    case 'POST /v1/customers':
      return reply(200, {
        id: 'cus_8',
        object: 'customer',
        name: new URLSearchParams(`${body}`).get('name'),
      });
    case 'GET /v1/customers': {
      const data = [{ id: `cus_${searchParams.get('limit')}`, object: 'customer' }];
      return reply(200, { object: 'list', url: '/v1/customers', has_more: false, data });
    }
    case 'GET /v1/customers/missing':
      return reply(404, { error: { type: 'invalid_request_error', message: 'not found' } });
    case 'GET /orders/7':
      return reply(200, { id: 7, q: searchParams.get('q') });
    case 'POST /orders':
      return reply(201, JSON.parse(body));
    case 'GET /headers':
      return reply(200, request.headers);
    case 'GET /rows':
      return reply(200, [searchParams.get('id')], { 'content-range': '0-0/1' });
    case 'POST /rows':
      return reply(201, [JSON.parse(body)]);
    default:
      return reply(404, { message: 'not found' });
  }
}

/** As chat completions are: at once, or as server-sent events. */
function complete({ messages, stream }, reply, response) {
  const { content } = messages.at(-1);
  if (!stream) return reply(200, { choices: [{ message: { role: 'assistant', content } }] });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const letter of content)
    response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: letter } }] })}\n\n`);
  response.end('data: [DONE]\n\n');
}

module.exports = { serveSdk };
