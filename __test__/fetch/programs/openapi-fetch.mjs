import createClient from 'openapi-fetch';
import { client, run, url } from './program.mjs';

const api = createClient({ baseUrl: url, fetch: client.fetch });
const seen = [];
api.use({ onResponse: ({ response }) => void seen.push(response.clone().status) });

await run({
  async get() {
    const params = { path: { id: 7 }, query: { q: 'ü' } };
    const { data, response } = await api.GET('/orders/{id}', { params });
    return [data, response.status];
  },
  async post() {
    const { data } = await api.POST('/orders', { body: { item: 'ü' } });
    return data;
  },
  async stream() {
    const { data } = await api.GET('/v1/files/{id}/content', {
      params: { path: { id: 'file-1' } },
      parseAs: 'stream',
    });
    let size = 0;
    for await (const part of data) size += part.byteLength;
    return size;
  },
  async failure() {
    const { error, response } = await api.GET('/missing');
    return [error, response.status, seen.includes(404)];
  },
});
