'use strict';

// axios as a backend sets it up: keep-alive, and as many sockets as the case has requests under way.

const http = require('node:http');
const https = require('node:https');

const axios = require('axios');

function createInstance({ origin, ca, sockets }) {
  return axios.create({
    baseURL: origin,
    proxy: false,
    httpAgent: new http.Agent({ keepAlive: true, maxSockets: sockets }),
    httpsAgent: new https.Agent({ keepAlive: true, maxSockets: sockets, ca }),
  });
}

module.exports = { createInstance };
