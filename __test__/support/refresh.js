'use strict';

// The `refresh` most users would write. Usable in worker threads and child processes.

/** `issued` is shown every answer. */
function refreshAt(tokenEndpoint, issued = () => {}) {
  return async (refreshToken, { signal }) => {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken ?? '' });
    const response = await fetch(tokenEndpoint, { method: 'POST', body, signal });
    const data = await response.json();
    if (!response.ok) throw Object.assign(new Error('refused'), { status: response.status, data });
    issued(data);
    return data;
  };
}

module.exports = { refreshAt };
