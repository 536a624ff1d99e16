'use strict';

// `WWW-Authenticate` of a 401 in many shapes, made from a seed: as the grammar has it (RFC 9110 §11.6.1), and as servers break it.

const { random } = require('./answers.js');

const ERRORS = [
  ...['none', 'invalid_token', 'insufficient_scope', 'insufficient_scope', 'insufficient_claims'],
  ...['insufficient_claims', 'insufficient_claims', 'use_dpop_nonce', 'something_else'],
];
const SCHEMES = ['Bearer', 'bearer', 'BEARER', 'DPoP'];
const REALMS = ['', 'api', 'a, b="c"', 'Bearer error=invalid_token, x', 'back \\ slash', 'equal=signs=='];
/** Challenges beside the one that matters. */
const NEIGHBOURS = [
  ...['Basic realm="files"', 'Negotiate', 'Negotiate YIIB+/8==', 'NTLM TlRMTVNT', 'DPoP algs="ES256 EdDSA"'],
  'Digest realm="a, b", nonce="n\\"n", qop="auth,auth-int", stale=false',
];
const EQUAL_SIGNS = ['=', '=', '=', ' = ', '= ', ' ='];
const COMMAS = [', ', ', ', ',', ' , ', ',\t', ', ,'];

/** Name → the lines, made of a challenge's scheme and parameters, and of neighbours before and after it. */
const SHAPES = {
  plain: ({ challenge }) => [challenge()],
  'behind another': ({ challenge, neighbour, comma }) => [`${neighbour()}${comma}${challenge()}`],
  'before another': ({ challenge, neighbour, comma }) => [`${challenge()}${comma}${neighbour()}`],
  'between two': ({ challenge, neighbour }) => [`${neighbour()}, ${challenge()}, ${neighbour()}`],
  'on a line of its own': ({ challenge, neighbour }) => [neighbour(), challenge(), neighbour()],
  'trailing comma': ({ challenge }) => [`${challenge()},`],
  'leading comma': ({ challenge }) => [`, ${challenge()}`],
  'two spaces behind the scheme': ({ scheme, params }) => [`${scheme}  ${params(', ')}`],
  'a tab behind the scheme': ({ scheme, params }) => [`${scheme}\t${params(', ')}`],
  'a comma behind the scheme': ({ scheme, params }) => [`${scheme}, ${params(', ')}`],
  'a colon behind the scheme': ({ scheme, params }) => [`${scheme}: ${params(', ')}`],
  'no commas': ({ scheme, params }) => [`${scheme} ${params(' ')}`],
  semicolons: ({ scheme, params }) => [`${scheme} ${params('; ')}`],
  'parameters on a second line': ({ scheme, params }) => [`${scheme} realm="first"`, params(', ')],
  'a quote that is not closed': ({ challenge }) => [`${challenge()}, error_description="no end`],
  'words in quotes': ({ challenge }) => [`"insufficient_scope", ${challenge()}`],
  'a value without a name': ({ scheme, params }) => [`${scheme} "api", ${params(', ')}`],
  'a name without a value': ({ scheme, params }) => [`${scheme} realm=, ${params(', ')}`],
  'signs of no grammar': ({ challenge }) => [`@@ ${challenge()}`],
  'a URL without quotes': ({ scheme, params }) => [`${scheme} uri=https://a.example/b?c=d, ${params(', ')}`],
  'text beyond ASCII': ({ scheme, params }) => [`${scheme} realm="caf\u00e9", ${params(', ')}`],
  'beyond ASCII without quotes': ({ scheme, params }) => [`${scheme} realm=caf\u00e9, ${params(', ')}`],
  'a scheme alone behind it': ({ challenge }) => [`${challenge()}, Negotiate`],
  'an error of the neighbour': ({ challenge }) => [`Custom error="something", ${challenge()}`],
  'nothing else': () => [''],
  'words without a scheme': () => ['error="insufficient_scope"'],
};

/**
 * So many lists of lines: `{ n, shape, lines, meant }`; every shape comes as often as every other. `meant` has the parameters of the
 * challenge that matters, by their names in lower case.
 */
function makeChallenges(count, seed) {
  const below = random(seed);
  const pick = (list) => list[below(list.length)];
  const names = Object.keys(SHAPES);
  return Array.from({ length: count }, (_, n) => {
    const shape = names[n % names.length];
    const scheme = pick(SCHEMES);
    const pairs = parametersOf(n, pick);
    const meant = Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
    const written = pairs.map(([name, value]) => `${name}${pick(EQUAL_SIGNS)}${writtenOf(value, pick)}`);
    const params = (comma) => written.join(comma);
    const comma = pick(COMMAS);
    const challenge = () => `${scheme} ${params(comma)}`;
    const lines = SHAPES[shape]({ scheme, params, challenge, comma, neighbour: () => pick(NEIGHBOURS) });
    return { n, shape, lines, meant };
  });
}

/** Of one challenge, in an order by chance: names and values. There is at least one. */
function parametersOf(n, pick) {
  const error = pick(ERRORS);
  const pairs = [['realm', pick(REALMS)]];
  if (error !== 'none') pairs.push([pick(['error', 'error', 'Error']), error]);
  if (error === 'insufficient_claims') pairs.push(['claims', claimsOf(n, pick)]);
  if (pick([true, false])) pairs.push(['error_description', `say "${n}", or error=insufficient_scope`]);
  if (pick([true, false])) pairs.push(['scope', 'orders:read orders:write']);
  return pick([pairs, [...pairs].reverse()]);
}

/** With quotes, or without where the grammar allows that. */
function writtenOf(value, pick) {
  const isToken = /^[\w.-]+$/.test(value);
  return isToken && pick([true, false]) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

function claimsOf(n, pick) {
  const json = JSON.stringify({ access_token: { nbf: { essential: true, value: `${n}, "${n}" \\ =` } } });
  const bytes = Buffer.from(json);
  return pick([json, bytes.toString('base64'), bytes.toString('base64url')]);
}

module.exports = { makeChallenges };
