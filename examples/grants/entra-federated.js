'use strict';

// Microsoft Entra ID, an app with a federated credential: no secret, but a token of a Kubernetes cluster or another cloud, whose file is
// replaced before it expires. In AKS the variables AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE have the three values.
// https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow#third-case-access-token-request-with-a-federated-credential

const { TokenClient } = require('token-rotator');

exports.connect = ({ tenant, clientId, tokenFile }, options) =>
  new TokenClient({
    baseURL: 'https://graph.microsoft.com/v1.0',
    grant: {
      provider: 'microsoft',
      tenant,
      type: 'client_credentials',
      clientId,
      auth: { method: 'client_assertion', assertion: { file: tokenFile } },
      scope: 'https://graph.microsoft.com/.default',
    },
    ...options,
  });
