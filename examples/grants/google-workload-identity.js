'use strict';

// Google workload identity federation: a token of another cloud, or of a Kubernetes cluster, is exchanged at Google's STS.
// https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token

const { TokenClient } = require('token-rotator');

exports.connect = ({ tokenFile, pool, scope = 'https://www.googleapis.com/auth/cloud-platform' }, options) =>
  new TokenClient({
    baseURL: 'https://storage.googleapis.com',
    grant: {
      type: 'token_exchange',
      tokenEndpoint: 'https://sts.googleapis.com/v1/token',
      clientId: pool,
      // `//iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`
      audience: pool,
      scope,
      subjectToken: { file: tokenFile },
      subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
      requestedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
    },
    ...options,
  });
