'use strict';

// Amazon Cognito, machine to machine: an app client with a secret, and scopes of a resource server. `domain` is that of the user pool.
// https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html

const { TokenClient } = require('token-rotator');

exports.connect = ({ domain, clientId, scope }, options) =>
  new TokenClient({
    grant: {
      provider: 'cognito',
      domain,
      type: 'client_credentials',
      clientId,
      auth: { method: 'client_secret_basic', clientSecret: { env: 'COGNITO_CLIENT_SECRET' } },
      scope,
    },
    ...options,
  });
