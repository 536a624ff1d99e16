'use strict';

// Certificates and keys, of the option `tls` and of a store's connection.

const check = require('./check.js');
const { invalidOption, rejectOption } = require('../errors.js');

/** Certificates of authorities, and a client's certificate with its key, all as PEM text. `name` stands in errors. */
function readCertificates(tls, name) {
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw rejectOption(`${name}.cert and ${name}.key must be given together`);
  }
  return {
    ca: readAuthorities(tls.ca, `${name}.ca`),
    cert: readPem(tls.cert, `${name}.cert`),
    key: readPem(tls.key, `${name}.key`),
  };
}

/** PEM text of all. */
function readAuthorities(value, name) {
  if (!Array.isArray(value)) return readAuthority(value, name);
  if (value.length === 0) throw invalidOption(name, 'at least one certificate');
  const all = Array.from(value, (item, i) => {
    if (item === undefined) throw invalidOption(`${name}[${i}]`, 'a certificate');
    return readAuthority(item, `${name}[${i}]`);
  });
  return all.join('\n');
}

function readAuthority(value, name) {
  return readPem(ArrayBuffer.isView(value) ? pemOfCertificate(check.bufferOf(value)) : value, name);
}

/** PEM text of a certificate in either form. */
function pemOfCertificate(bytes) {
  // DER begins with the byte of an ASN.1 sequence, and PEM with text.
  if (bytes[0] !== 0x30) return bytes.toString();
  const lines = bytes.toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function readPem(value, name) {
  if (value === undefined) return undefined;
  const pem = ArrayBuffer.isView(value) ? check.bufferOf(value).toString() : value;
  if (typeof pem !== 'string' || !pem.includes('-----BEGIN '))
    throw invalidOption(name, 'PEM text or a Buffer of it');
  return pem;
}

module.exports = { pemOfCertificate, readCertificates };
