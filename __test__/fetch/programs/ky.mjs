import ky from 'ky';
import { client, run, url } from './program.mjs';

const api = ky.create({ prefixUrl: url, fetch: client.fetch, retry: 0, timeout: 20_000 });

await run({
  async get() {
    return api.get('orders/7', { searchParams: { q: 'ü' } }).json();
  },
  async post() {
    return api.post('orders', { json: { item: 'ü' } }).json();
  },
  async form() {
    const body = new FormData();
    body.append('file', new File(['content'], 'name'));
    return api.put('upload', { body }).json();
  },
  async hooks() {
    const seen = [];
    const beforeRequest = [(request) => request.headers.set('x-hook', '1')];
    const afterResponse = [
      (request, options, response) => void seen.push(response.status, response.url.endsWith('/headers')),
    ];
    const { 'x-hook': hook } = await api.get('headers', { hooks: { beforeRequest, afterResponse } }).json();
    return [hook, ...seen];
  },
  async progress() {
    let last;
    const text = await api
      .get('v1/files/file-1/content', { onDownloadProgress: (progress) => (last = progress) })
      .text();
    return [text.length, last.transferredBytes];
  },
  async failure() {
    const error = await api.get('missing').catch((reason) => reason);
    return [error.name, error.response.status];
  },
});
