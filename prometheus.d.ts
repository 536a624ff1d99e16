// `token-rotator/prometheus`: the counters of clients, for Prometheus to scrape.

import type { TokenClient } from './index.js';

/**
 * `stats()` of one client, or of several by name, in Prometheus' text format 0.0.4. The name becomes the label `client`. Sessions
 * are counted and never named.
 *
 * @throws {TokenRotatorError} ERR_INVALID_OPTION
 * @example
 * response.setHeader('content-type', prometheusText.contentType).end(prometheusText({ orders: client }));
 */
export function prometheusText(clients: TokenClient | { readonly [name: string]: TokenClient }): string;
export declare namespace prometheusText {
  /** The content type of an answer with this text. */
  const contentType: string;
}
