'use strict';

// Refuses options of axios' http adapter that say where or how to connect. Rust connects and does not know them; to connect
// elsewhere, or without the given certificate, would be worse than an error.

const http = require('node:http');
const https = require('node:https');
const { own } = require('../../options/check.js');
const { Failure } = require('../failure.js');

/** Each option, and the reason or the replacement. */
const REFUSED = new Map([
  ['socketPath', 'set socketPath of the TokenClient'],
  ['proxy', 'set proxy of the TokenClient'],
  ['transport', 'the transport is the client'],
  ['lookup', "names are looked up by the system's resolver"],
  ['family', "addresses are chosen by the system's resolver"],
  ['maxRate', 'the client does not throttle'],
]);

/** Options of an agent that are ignored, because they are about kept connections; `connections` of the client replaces them. */
const POOLING = new Set([
  ...['keepAlive', 'keepAliveMsecs', 'maxSockets', 'maxTotalSockets', 'maxFreeSockets', 'scheduling'],
  ...['timeout', 'noDelay', 'maxCachedSessions', 'agentKeepAliveTimeoutBuffer', 'highWaterMark'],
  // Node adds these by itself.
  ...['path', 'defaultPort', 'protocol'],
]);

const poolsOnly = new WeakSet();

function refuseUnsupported(config) {
  for (const [name, reason] of REFUSED) {
    if (own(config, name)) throw unsupported(name, reason);
  }
  if (own(config, 'decompress') === false) {
    throw unsupported('decompress: false', "ask for 'accept-encoding': 'identity' instead");
  }
  checkAgent(own(config, 'httpAgent'), 'httpAgent');
  checkAgent(own(config, 'httpsAgent'), 'httpsAgent');
}

/** Agents that only keep connections are ignored, because the client keeps its own. */
function checkAgent(agent, name) {
  if (!agent || poolsOnly.has(agent)) return;
  const { prototype } = name === 'httpAgent' ? http.Agent : https.Agent;
  if (Object.getPrototypeOf(agent) !== prototype || Object.hasOwn(agent, 'createConnection')) {
    throw unsupported(name, 'it decides how to connect; set tls or proxy of the TokenClient');
  }
  const { options } = agent;
  const isSet = (key) => options[key] !== undefined && options[key] !== null;
  const other = Object.keys(options).find((key) => !POOLING.has(key) && isSet(key));
  if (other !== undefined) throw unsupported(`${name} with ${other}`, 'set tls of the TokenClient');
  poolsOnly.add(agent);
}

function unsupported(name, reason) {
  return new Failure('ERR_NOT_SUPPORT', `${name} is not supported by token-rotator's adapter: ${reason}`);
}

module.exports = { refuseUnsupported };
