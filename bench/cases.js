'use strict';

// Every case there is. Its name is what `--only` matches and what results are filed under.

const SIZES = { small: '/small', '16k': '/json16k' };

/** Requests that meet an expired token at once. */
const STORM_REQUESTS = 1000;
/** Requests that wait for one refresh; also the default limit of token-rotator's queue. */
const QUEUED_REQUESTS = 10_000;
/** Sockets a client may open where the case itself says nothing about concurrency. */
const SOCKETS = 256;

function steadyCases() {
  const cases = [];
  for (const transport of ['plain', 'tls']) {
    for (const size of Object.keys(SIZES)) {
      for (const concurrency of [1, 64, 256]) {
        const name = `steady/${concurrency}/${size}/${transport}`;
        cases.push({ name, kind: 'steady', transport, concurrency, path: SIZES[size] });
      }
    }
  }
  return cases;
}

const common = { transport: 'plain', concurrency: SOCKETS, path: SIZES.small };

const CASES = [
  ...steadyCases(),
  { ...common, name: `storm/${STORM_REQUESTS}`, kind: 'storm', requests: STORM_REQUESTS },
  { ...common, name: `memory/${QUEUED_REQUESTS}`, kind: 'memory', requests: QUEUED_REQUESTS },
  { name: 'require', kind: 'require' },
];

module.exports = { CASES };
