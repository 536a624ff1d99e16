'use strict';

// Microsoft Entra ID, an app with a certificate. Entra finds the key by the certificate's thumbprint (`x5t#S256`) and wants PS256.
// https://learn.microsoft.com/en-us/entra/identity-platform/certificate-credentials

const { TokenClient } = require('token-rotator');

exports.connect = ({ tenant, clientId, keyFile, certificateFile }, options) =>
  new TokenClient({
    baseURL: 'https://graph.microsoft.com/v1.0',
    grant: {
      provider: 'microsoft',
      tenant,
      type: 'client_credentials',
      clientId,
      auth: {
        method: 'private_key_jwt',
        key: { file: keyFile },
        certificate: { file: certificateFile },
        algorithm: 'PS256',
      },
      scope: 'https://graph.microsoft.com/.default',
    },
    ...options,
  });
