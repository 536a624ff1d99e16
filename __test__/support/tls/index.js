'use strict';

// Certificates for tests only. Their authority's key was thrown away, and `key` is public, so trust them nowhere else.
//
// - ca.pem: the authority that signed the others, valid until 2126.
// - server.pem: for localhost, 127.0.0.1 and ::1, servers and clients, valid until 2120.
// - elsewhere.pem: for another name. expired.pem: for localhost, until February 2020.
// - own.pem: for localhost and 127.0.0.1, signed by itself, and it says that it is an authority's, as openssl makes them.
// - key.pem: the private key of all but ca.pem.

const fs = require('node:fs');
const path = require('node:path');

const read = (name) => fs.readFileSync(path.join(__dirname, `${name}.pem`), 'utf8');

module.exports = {
  ca: read('ca'),
  key: read('key'),
  server: read('server'),
  elsewhere: read('elsewhere'),
  expired: read('expired'),
  own: read('own'),
};
