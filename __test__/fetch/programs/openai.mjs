import OpenAI, { toFile } from 'openai';
import { PLACEHOLDER } from '../../../index.js';
import { client, run, url } from './program.mjs';

// Another key would be sent in the token's place.
const openai = new OpenAI({
  apiKey: PLACEHOLDER,
  baseURL: `${url}/v1`,
  fetch: client.fetch,
  maxRetries: 0,
});
const messages = [{ role: 'user', content: 'héllo' }];
const model = 'any';

await run({
  async completion() {
    const { choices } = await openai.chat.completions.create({ model, messages });
    return choices[0].message.content;
  },
  async stream() {
    let text = '';
    const stream = await openai.chat.completions.create({ model, messages, stream: true });
    for await (const { choices } of stream) text += choices[0].delta.content;
    return text;
  },
  async upload() {
    const file = await toFile(Buffer.from('content'), 'name.jsonl');
    const { filename, bytes } = await openai.files.create({ file, purpose: 'batch' });
    return [filename, bytes];
  },
  async download() {
    const response = await openai.files.content('file-1');
    return (await response.text()).length;
  },
  async failure() {
    const error = await openai.models.retrieve('missing').catch((reason) => reason);
    return [error.status, error.constructor.name];
  },
});
