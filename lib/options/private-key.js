'use strict';

// Private keys as users have them: PEM of any kind, encrypted or not, DER, a JWK, a KeyObject. They cross as unencrypted PKCS#8
// in DER, and a JWK as its JSON, so that its `kid` and `alg` stay with it.

const { createPrivateKey } = require('node:crypto');
const check = require('./check.js');
const { Sources, Wrong, asText, convertedNow, placeOf, valueAt } = require('./source.js');

const FORMS = 'a private key: PEM, DER, a JWK or a KeyObject';
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];
/** RFC 7518 §3.3. */
const LEAST_RSA_BITS = 2048;
/** The forms of DER that hold a private key, most usual first. */
const DER_TYPES = /** @type {const} */ (['pkcs8', 'pkcs1', 'sec1']);

/** `sources`: those of the client. */
function readKey(sources, { key, passphrase }, name) {
  const names = { key: `${name}.key`, passphrase: `${name}.passphrase` };
  if (passphrase === undefined || key === undefined) {
    return sources.read(key, names.key, (value) => convert(value));
  }
  const places = { key: placeOf(key, names.key), passphrase: placeOf(passphrase, names.passphrase) };
  if (places.key !== undefined || places.passphrase !== undefined) {
    return sources.call(names.key, decrypting({ key, passphrase }, places, names));
  }
  const secret = new Sources().text(passphrase, names.passphrase).value;
  return sources.read(key, names.key, (value) => convert(value, secret));
}

/**
 * A function that reads and decrypts the key. An unchanged key is not decrypted again, because that takes milliseconds of the event
 * loop by design. While a changed key cannot be read, as a file that is half written, the last one serves on.
 */
function decrypting(values, places, names) {
  let last;
  const now = (field) => (places[field] === undefined ? values[field] : valueAt(places[field], names[field]));
  return async () => {
    try {
      const value = await now('key');
      const passphrase = convertedNow(await now('passphrase'), names.passphrase, asText);
      if (last?.value !== value || last.passphrase !== passphrase) {
        last = { value, passphrase, key: convertedNow(value, names.key, () => parse(value, passphrase)) };
      }
    } catch (error) {
      if (last === undefined) throw error;
    }
    return exported(last.key);
  };
}

/** @returns {string | Buffer}  JSON of a JWK or of Google's, or DER */
function convert(value, passphrase) {
  const key = parse(value, passphrase);
  if (isJson(value)) return value;
  return isJwk(value) ? JSON.stringify(value) : exported(key);
}

function exported(key) {
  return key.export({ type: 'pkcs8', format: 'der' });
}

/** Throws `Wrong`. The errors of node:crypto are not passed on, because they may quote what they read. */
function parse(value, passphrase) {
  const key = isKeyObject(value) ? value : attempt(() => made(value, passphrase));
  if (key === undefined) {
    if (passphrase !== undefined) throw new Wrong(`${FORMS}; this one cannot be decrypted with passphrase`);
    throw new Wrong(isEncrypted(value) ? `${FORMS}; this one is encrypted: give passphrase` : FORMS);
  }
  if (key.type !== 'private') throw new Wrong(`${FORMS}; this one is a ${key.type} key`);
  refuseUnsignable(key);
  return key;
}

function made(value, passphrase) {
  if (isJson(value)) {
    const parsed = JSON.parse(value);
    return made(isJwk(parsed) ? parsed : parsed.private_key, passphrase);
  }
  if (isJwk(value)) return createPrivateKey({ key: value, format: 'jwk' });
  const bytes = ArrayBuffer.isView(value) ? check.bufferOf(value) : value;
  const isDer = Buffer.isBuffer(bytes) && bytes[0] === 0x30;
  if (!isDer) return createPrivateKey({ key: bytes, format: 'pem', passphrase });
  for (const type of DER_TYPES) {
    const key = attempt(() => createPrivateKey({ key: bytes, format: 'der', type, passphrase }));
    if (key !== undefined) return key;
  }
  return undefined;
}

function attempt(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Says at once what the signature would fail with later. */
function refuseUnsignable({ asymmetricKeyType: type, asymmetricKeyDetails: details }) {
  const isSignable =
    type === 'ed25519' ||
    (type === 'rsa' && details.modulusLength >= LEAST_RSA_BITS) ||
    (type === 'ec' && CURVES.includes(details.namedCurve));
  if (isSignable) return;
  const kind = type === 'rsa' ? `RSA with ${details.modulusLength} bits` : (details?.namedCurve ?? type);
  throw new Wrong(
    `RSA with ${LEAST_RSA_BITS} bits or more, EC with P-256, P-384 or P-521, or Ed25519; this one is ${kind}`,
  );
}

function isJwk(value) {
  return typeof value === 'object' && value !== null && typeof check.own(value, 'kty') === 'string';
}

/** A JWK as text, or the file that Google makes for a service account. */
function isJson(value) {
  return typeof value === 'string' && value.trimStart().startsWith('{');
}

/** By shape, because a KeyObject of another realm is no instance of this realm's class. */
function isKeyObject(value) {
  return typeof value?.export === 'function' && typeof value.type === 'string';
}

function isEncrypted(value) {
  const text = ArrayBuffer.isView(value) ? check.bufferOf(value).toString('latin1') : value;
  return typeof text === 'string' && /-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(text);
}

module.exports = { readKey };
