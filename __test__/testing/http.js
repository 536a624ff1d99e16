'use strict';

const http = require('node:http');

const FORM = 'application/x-www-form-urlencoded';

/**
 * One request, answered with status, headers and the body as text. Rejects when the answer is cut short.
 * Options: method, headers, body, agent, signal.
 */
function send(url, { body, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, options, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode,
          headers: response.headers,
          text,
          json: () => JSON.parse(text),
        });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

function postForm(url, params, { headers, ...options } = {}) {
  const body = new URLSearchParams(params).toString();
  return send(url, { ...options, method: 'POST', headers: { 'content-type': FORM, ...headers }, body });
}

function refresh(server, refreshToken, options) {
  return postForm(
    server.tokenEndpoint,
    { grant_type: 'refresh_token', refresh_token: refreshToken },
    options,
  );
}

function useApi(server, accessToken, { headers, ...options } = {}) {
  const authorization = `Bearer ${accessToken}`;
  return send(`${server.url}/api/things`, { ...options, headers: { authorization, ...headers } });
}

module.exports = { postForm, refresh, send, useApi };
