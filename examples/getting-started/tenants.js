'use strict';

// Many tenants: each has connected its own account, and each account has tokens of its own.

const { SessionLostError, TokenClient } = require('token-rotator');

const { API_URL, TOKEN_ENDPOINT, TOKEN_DIRECTORY } = process.env;

const client = new TokenClient({
  baseURL: API_URL,
  grant: { type: 'refresh_token', tokenEndpoint: TOKEN_ENDPOINT, clientId: 'orders-service' },
  store: { type: 'file', path: TOKEN_DIRECTORY },
  logout: ({ session }) => console.error(`${session}: has to connect its account again`),
});

/** Once for each tenant, with the answer of its login. */
function connect(tenant, tokens) {
  return client.session(`tenant:${tenant}`).setTokens(tokens);
}

/** Other tenants are served if the tokens of one are gone. */
async function countOrders(tenant) {
  try {
    const response = await client.session(`tenant:${tenant}`).get('/api/orders');
    return response.status;
  } catch (error) {
    if (error instanceof SessionLostError) return 'connect again';
    throw error;
  }
}

async function main() {
  const logins = JSON.parse(process.env.LOGINS); // { tenant: tokens }
  for (const [tenant, tokens] of Object.entries(logins)) await connect(tenant, tokens);
  const statuses = await Promise.all(Object.keys(logins).map(countOrders));
  console.log(statuses.join(' '));
  await client.close();
}

main();
