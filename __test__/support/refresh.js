'use strict';

// The `refresh` most users would write, and one for threads that are terminated. Usable in worker threads and child processes.

const http = require('node:http');
const { json } = require('node:stream/consumers');

/** `issued` is shown every answer. */
function refreshAt(tokenEndpoint, issued = () => {}) {
  return async (refreshToken, { signal }) => {
    const response = await fetch(tokenEndpoint, { method: 'POST', body: form(refreshToken), signal });
    const data = await response.json();
    if (!response.ok) throw Object.assign(new Error('refused'), { status: response.status, data });
    issued(data);
    return data;
  };
}

/**
 * Without fetch, which runs on WebAssembly: Node 20 crashes if a thread is terminated while V8 posts a task of its WebAssembly to it
 * (docs/evidence.md). A compilation under way also holds up the end of the process.
 */
function refreshByHttp(tokenEndpoint) {
  return async (refreshToken, { signal }) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await new Promise((resolve, reject) => {
      const request = http.request(tokenEndpoint, { method: 'POST', headers, signal });
      request
        .on('response', resolve)
        .on('error', reject)
        .end(`${form(refreshToken)}`);
    });
    const data = await json(response);
    const { statusCode: status } = response;
    if (status !== 200) throw Object.assign(new Error('refused'), { status, data });
    return data;
  };
}

function form(refreshToken) {
  return new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken ?? '' });
}

module.exports = { refreshAt, refreshByHttp };
