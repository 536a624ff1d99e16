'use strict';

// A service account of a Keycloak client. The secret is in a file, so that it can be exchanged without a restart.
// https://www.keycloak.org/docs/latest/server_admin/#_service_accounts

const { TokenClient } = require('token-rotator');

exports.connect = ({ domain, realm, clientId, secretFile }, options) =>
  new TokenClient({
    grant: {
      provider: 'keycloak',
      domain,
      realm,
      type: 'client_credentials',
      clientId,
      auth: { method: 'client_secret_basic', clientSecret: { file: secretFile } },
    },
    ...options,
  });
