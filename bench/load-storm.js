'use strict';

// Every request at once, on a token that has just expired: what all callers together wait, and what it costs.

const { startMeter } = require('./meter.js');

async function storm(get, { path, requests }) {
  const stopMeter = startMeter();
  const outcomes = await Promise.allSettled(Array.from({ length: requests }, () => get(path)));
  const cost = stopMeter();
  const failures = outcomes.filter(({ status }) => status === 'rejected');
  return {
    ms: cost.ms,
    cpuUs: cost.cpuUs / requests,
    loopUs: cost.loopUs / requests,
    threadUs: cost.threadUs / requests,
    failed: failures.length,
    failure: failures[0]?.reason.message ?? null,
  };
}

module.exports = { storm };
