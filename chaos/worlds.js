'use strict';

// Every combination of a store, a server's policy and a fault that makes sense.

const { FAULTS } = require('./faults.js');
const { STORES } = require('./stores');

const POLICIES = ['strict', 'leeway', 'same-token-window', 'parent-of-active'];

/** `{ name, store, policy, fault, missing }` of each. `missing`: why it cannot run here. */
function worlds() {
  return Object.keys(STORES).flatMap((store) =>
    POLICIES.flatMap((policy) =>
      Object.keys(FAULTS)
        .filter((fault) => FAULTS[fault].stores?.includes(store) ?? true)
        .filter((fault) => STORES[store].faults?.includes(fault) ?? true)
        .map((fault) => ({
          name: `${store}/${policy}/${fault}`,
          store,
          policy,
          fault,
          missing: STORES[store].missing ?? FAULTS[fault].missing,
        })),
    ),
  );
}

module.exports = { worlds };
