'use strict';

// A program whose process may do little: one request on an expired token, of a client with these options; `secure`: https URLs to ask
// too. Prints the outcome of each: the status, or the error's code and message.

const { url: baseURL, tokenEndpoint, options, secure = [] } = JSON.parse(process.argv[2]);

async function main() {
  const { TokenClient } = require('token-rotator');
  const grant = { type: 'refresh_token', tokenEndpoint, clientId: 'confined' };
  const client = new TokenClient({ baseURL, grant, ...options });
  const outcome = ({ status }) => status;
  const answers = [await client.get('/api/orders').then(outcome)];
  for (const url of secure)
    answers.push(await client.get(url, { skipAuthRefresh: true }).then(outcome, failure));
  await client.close();
  return answers;
}

const failure = ({ code, message, cause }) => ({ code, message, cause: cause?.code });

main()
  .catch((error) => [failure(error)])
  .then((outcomes) => console.log(JSON.stringify(outcomes)));
