'use strict';

// The shop's API, as the rest of this backend uses it.

const { TokenClient } = require('token-rotator');

class Shop {
  #client;

  /** `options` are TokenClient's. A test gives the addresses of its server, or a `transport`. */
  constructor(options) {
    this.#client = new TokenClient({ throwHttpErrors: true, ...options });
  }

  async order(id) {
    return (await this.#client.get(`/orders/${encodeURIComponent(id)}`)).json();
  }

  async place(items) {
    return (await this.#client.post('/orders', { items })).json();
  }

  /** Asks once a minute until the order has been delivered. */
  async delivered(id) {
    for (;;) {
      const order = await this.order(id);
      if (order.state === 'delivered') return order;
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    }
  }

  async close() {
    await this.#client.close();
  }
}

module.exports = { Shop };
