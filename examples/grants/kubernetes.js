'use strict';

// A service that trusts the tokens of a Kubernetes cluster: the projected token of the pod, which the kubelet replaces in time, is the
// assertion (RFC 7523) or the subject token (RFC 8693) of a token request.
// https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#launch-a-pod-using-service-account-token-projection

const { TokenClient } = require('token-rotator');

exports.connect = ({ tokenEndpoint, clientId, tokenFile, audience }, options) =>
  new TokenClient({
    grant: {
      type: 'token_exchange',
      tokenEndpoint,
      clientId,
      audience,
      subjectToken: { file: tokenFile },
      subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
    },
    ...options,
  });
