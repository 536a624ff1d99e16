'use strict';

// Okta's own APIs: a service app with `private_key_jwt` and DPoP. Okta wants a nonce in each proof; the client learns it by itself.
// https://developer.okta.com/docs/guides/dpop/oktaresourceserver/main/

const { TokenClient } = require('token-rotator');

exports.connect = ({ domain, clientId, keyFile, scope }, options) =>
  new TokenClient({
    baseURL: `https://${domain}`,
    grant: {
      provider: 'okta',
      domain,
      type: 'client_credentials',
      clientId,
      auth: { method: 'private_key_jwt', key: { file: keyFile } },
      scope,
      dpop: true,
    },
    ...options,
  });
