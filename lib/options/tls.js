'use strict';

// Certificates and keys, of the option `tls` and of a store's connection.

const check = require('./check.js');
const { invalidOption, rejectOption } = require('../errors.js');

const PEM = 'PEM text or a Buffer of it';

/**
 * Certificates of authorities, and a client's certificate with its key: PEM text, or a source in the form of `NativeSecret` in
 * `src/binding/options/secret.rs`. `name` stands in errors. `sources` gives those of the client.
 */
function readCertificates(tls, name, sources) {
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw rejectOption(`${name}.cert and ${name}.key must be given together`);
  }
  return {
    ca: readAuthorities(tls.ca, `${name}.ca`, sources),
    cert: readPem(tls.cert, `${name}.cert`, sources),
    key: readKey(tls, name, sources),
  };
}

/** PEM text of all. */
function readAuthorities(value, name, sources) {
  if (!Array.isArray(value)) return readPem(value, name, sources, asCertificate);
  if (value.length === 0) throw invalidOption(name, 'at least one certificate');
  const all = Array.from(value, (item, i) => {
    if (item === undefined) throw invalidOption(`${name}[${i}]`, 'a certificate');
    return readPem(item, `${name}[${i}]`, undefined, asCertificate);
  });
  return all.join('\n');
}

function readKey({ key, passphrase }, name, sources) {
  if (passphrase === undefined) return readPem(key, `${name}.key`, sources);
  if (key === undefined) throw rejectOption(`${name}.passphrase needs ${name}.key`);
  // Loaded here, because few programs have an encrypted key.
  return require('./private-key.js').readKey(sources(), { key, passphrase }, name);
}

/** `convert` makes PEM text of a value, or undefined. */
function readPem(value, name, sources, convert = asPem) {
  if (value === undefined) return undefined;
  if (sources !== undefined && check.isSource(value)) {
    const { Wrong } = require('./source.js');
    return sources().read(value, name, (now) => {
      const pem = convert(now);
      if (pem === undefined) throw new Wrong(PEM);
      return pem;
    });
  }
  const pem = convert(value);
  if (pem === undefined) throw invalidOption(name, PEM);
  return pem;
}

function asCertificate(value) {
  return asPem(ArrayBuffer.isView(value) ? pemOfCertificate(check.bufferOf(value)) : value);
}

/** PEM text of a certificate in either form. */
function pemOfCertificate(bytes) {
  // DER begins with the byte of an ASN.1 sequence, and PEM with text.
  if (bytes[0] !== 0x30) return bytes.toString();
  const lines = bytes.toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function asPem(value) {
  const pem = ArrayBuffer.isView(value) ? check.bufferOf(value).toString() : value;
  return typeof pem === 'string' && pem.includes('-----BEGIN ') ? pem : undefined;
}

module.exports = { pemOfCertificate, readCertificates };
