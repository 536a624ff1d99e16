import { PostgrestClient } from '@supabase/postgrest-js';
import { client, run, url } from './program.mjs';

const db = new PostgrestClient(url, { fetch: client.fetch });

await run({
  async select() {
    const { data, count, status } = await db.from('rows').select('*', { count: 'exact' }).eq('id', 7);
    return [data, count, status];
  },
  async insert() {
    const { data, error } = await db.from('rows').insert({ name: 'ü' }).select();
    return [data, error];
  },
  async failure() {
    const { error, status } = await db.from('missing').select();
    return [error.message, status];
  },
});
