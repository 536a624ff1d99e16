'use strict';

// The server of `npm run soak`, a process of its own: `/token` gives new tokens, `/expire` refuses all that were given before, and
// each other path wants a token that is not refused.

const http = require('node:http');

let issued = 0;
let oldest = 0;

const routes = {
  '/token': () => ({ access_token: `t${++issued}`, refresh_token: `r${issued}`, expires_in: 3600 }),
  '/expire': () => ({ oldest: (oldest = issued + 1) }),
};

const server = http.createServer(async (request, response) => {
  // The body is of no interest, but a request that is not read blocks its connection.
  for await (const chunk of request) void chunk;
  const route = routes[request.url];
  const number = Number(/^Bearer t(\d+)$/.exec(request.headers.authorization)?.[1] ?? -1);
  const status = route !== undefined || number >= oldest ? 200 : 401;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(route?.() ?? { status }));
});

server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.once('disconnect', () => process.exit());
