'use strict';

// A Google service account: RFC 7523 with the JSON file that the Cloud console makes. The scopes are a claim, and `sub` is left out
// unless the account acts for a user of the domain.
// https://developers.google.com/identity/protocols/oauth2/service-account

const { TokenClient } = require('token-rotator');

exports.connect = ({ keyFile, clientEmail, scope }, options) =>
  new TokenClient({
    baseURL: 'https://storage.googleapis.com',
    grant: {
      provider: 'google',
      type: 'jwt_bearer',
      clientId: clientEmail,
      key: { file: keyFile },
      claims: { scope, sub: null },
    },
    ...options,
  });
