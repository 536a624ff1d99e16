import Stripe from 'stripe';
import { PLACEHOLDER } from '../../../index.js';
import { client, run, url } from './program.mjs';

// It refuses to work without a key, and sends one with every request.
const { hostname: host, port } = new URL(url);
const stripe = new Stripe(PLACEHOLDER, {
  httpClient: Stripe.createFetchHttpClient(client.fetch),
  ...{ protocol: 'http', host, port, maxNetworkRetries: 0 },
});

await run({
  async retrieve() {
    const { id, name } = await stripe.customers.retrieve('cus_7');
    return [id, name];
  },
  async create() {
    const { id, name } = await stripe.customers.create({ name: 'ü' });
    return [id, name];
  },
  async list() {
    const { data } = await stripe.customers.list({ limit: 1 });
    return data.map(({ id }) => id);
  },
  async failure() {
    const error = await stripe.customers.retrieve('missing').catch((reason) => reason);
    return [error.statusCode, error.constructor.name];
  },
});
