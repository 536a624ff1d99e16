// What the programs have in common: a client whose token rotates, and a few workers that keep it busy.

import { TokenClient } from '../../../index.js';

const { url, refreshToken, accessToken } = JSON.parse(process.argv[2]);

async function refresh(refreshToken) {
  const response = await fetch(`${url}/token`, { method: 'POST', body: refreshToken });
  if (!response.ok) throw Object.assign(new Error('refused'), { status: response.status });
  return response.json();
}

export { url };

export const client = new TokenClient({
  baseURL: url,
  tokens: { accessToken, refreshToken },
  refresh,
  retry: false,
});

/** Runs each of the `calls` eight times, four at a time; reports what the last time of each gave. */
export async function run(calls) {
  const names = Object.keys(calls);
  const work = Array.from({ length: 8 }, () => names).flat();
  const results = {};
  const worker = async () => {
    for (let name; (name = work.shift()) !== undefined;) results[name] = await calls[name]();
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  console.log(JSON.stringify({ results, stats: client.stats() }));
}
