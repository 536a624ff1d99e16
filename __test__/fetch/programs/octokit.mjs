import { Octokit } from '@octokit/core';
import { client, run, url } from './program.mjs';

const octokit = new Octokit({ baseUrl: url, request: { fetch: client.fetch } });
const repo = { owner: 'ada', repo: 'engine' };

await run({
  async list() {
    const { status, data, headers } = await octokit.request('GET /repos/{owner}/{repo}/issues', {
      ...repo,
      per_page: 2,
    });
    return [status, data, headers.link];
  },
  async create() {
    const { data } = await octokit.request('POST /repos/{owner}/{repo}/issues', { ...repo, title: 'ü' });
    return data.title;
  },
  async graphql() {
    return octokit.graphql('query { viewer { login } }');
  },
  async upload() {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': 7 };
    const { data } = await octokit.request('POST /upload', { headers, data: Buffer.from('content') });
    return data;
  },
  async failure() {
    const error = await octokit.request('GET /missing').catch((reason) => reason);
    return [error.status, error.name];
  },
});
