'use strict';

// A GitHub App as one of its installations. GitHub gives these tokens by its own API and not by OAuth, so that this one is a `refresh`
// function: it signs a JWT as the app, and asks for the installation's token, which lives for an hour.
// https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-an-installation-access-token-for-a-github-app

const { createPrivateKey, sign } = require('node:crypto');
const { TokenClient } = require('token-rotator');

exports.connect = ({ clientId, installation, privateKey, apiURL = 'https://api.github.com' }, options) => {
  const key = createPrivateKey(privateKey);
  return new TokenClient({
    baseURL: apiURL,
    refresh: async (_refreshToken, { signal }) => {
      const url = `${apiURL}/app/installations/${installation}/access_tokens`;
      const headers = {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${appToken(clientId, key)}`,
      };
      const response = await fetch(url, { method: 'POST', headers, signal });
      const answer = await response.json();
      if (response.ok) return { accessToken: answer.token, expiresAt: answer.expires_at };
      throw Object.assign(new Error('no installation token'), { status: response.status });
    },
    // GitHub's own status for a JWT of a wrong app or a removed installation; a new login does not mend either.
    isRefreshFailureTerminal: () => false,
    ...options,
  });
};

/** A minute early, because GitHub refuses a JWT from the future. It may live for ten minutes. */
function appToken(clientId, key) {
  const now = Math.floor(Date.now() / 1000);
  const parts = [
    { alg: 'RS256', typ: 'JWT' },
    { iss: clientId, iat: now - 60, exp: now + 540 },
  ];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}
