'use strict';

const { readFileSync } = require('node:fs');
const path = require('node:path');
const { PAGE, page } = require('../../.ci/providers.js');
const { readClientOptions } = require('../../lib/options/client.js');
const { parametersOf } = require('../../lib/options/provider.js');
const { PROVIDERS } = require('../../lib/options/providers.js');

const names = Object.keys(PROVIDERS);
const PLACES = { domain: 'login.example.com', tenant: 'contoso', realm: 'main' };

/** The settings of a client with this grant. */
function read(grant, options) {
  const { settings } = readClientOptions({
    grant: { type: 'refresh_token', clientId: 'app', ...grant },
    ...options,
  });
  return settings;
}

function placesOf(name) {
  const needed = parametersOf(PROVIDERS[name]);
  return Object.fromEntries(needed.map((parameter) => [parameter, PLACES[parameter]]));
}

const declared = (type) => {
  const types = readFileSync(path.join(__dirname, '../../index.d.ts'), 'utf8');
  const [, text] = new RegExp(`export type ${type} =([^;]*);`).exec(types);
  return [...text.matchAll(/'(\w+)'/g)].map(([, name]) => name);
};

test('docs/providers.md is what the table says', () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(page());
});

test('index.d.ts declares every provider, and those with a grace', () => {
  expect(names.length).toBeGreaterThanOrEqual(20);
  expect(declared('Provider')).toEqual(names);
  const graced = names.filter((name) => PROVIDERS[name].rotationGrace !== undefined);
  expect(declared('RotationGracePreset').sort()).toEqual(graced.sort());
});

test.each(names)('each fact of %s has a source, and an endpoint leads to https', (name) => {
  const { sources, tokenEndpoint } = PROVIDERS[name];
  expect(sources.length).toBeGreaterThan(0);
  for (const url of sources) expect(new URL(url).protocol).toBe('https:');
  if (tokenEndpoint === undefined) return;
  const { grant } = read({ provider: name, ...placesOf(name), auth: { method: 'none' } });
  expect(new URL(grant.tokenEndpoint).protocol).toBe('https:');
  expect(grant.tokenEndpoint).not.toMatch(/[{}]/);
});

test.each(names)('the usual method of %s is that of an auth without one', (name) => {
  const [usual] = PROVIDERS[name].auth ?? [];
  if (!usual?.startsWith('client_secret')) return;
  const { grant } = read({ provider: name, ...placesOf(name), auth: { clientSecret: 's' } });
  expect(grant.auth).toMatchObject({ method: usual, secrets: [{ value: 's' }] });
});

test('the grace of the provider is the default of rotationGrace, and the option wins', () => {
  const xero = { provider: 'xero', auth: { clientSecret: 's' } };
  expect(read(xero).session.rotationGrace).toBe(1_800_000);
  expect(read(xero, { rotationGrace: 5 }).session.rotationGrace).toBe(5);
  expect(read(xero, { rotationGrace: 'okta' }).session.rotationGrace).toBe(30_000);
  expect(read({ provider: 'box', auth: { clientSecret: 's' } }).session.rotationGrace).toBe(0);
});

test('endpoints of the user go before those of the provider', () => {
  const auth = { clientSecret: 's' };
  const own = 'https://proxy.example.com/token';
  expect(read({ provider: 'xero', auth, tokenEndpoint: own }).grant.tokenEndpoint).toBe(own);
  const { tokenEndpoint, issuer } = read({
    provider: 'okta',
    auth,
    issuer: 'https://a.okta.com/oauth2/default',
  }).grant;
  expect({ tokenEndpoint, issuer }).toEqual({
    tokenEndpoint: undefined,
    issuer: 'https://a.okta.com/oauth2/default',
  });
});

test.each([
  [{ provider: 'acme' }, 'grant.provider'],
  [{ provider: 'toString' }, 'grant.provider'],
  [{ provider: 'okta' }, 'grant.domain'],
  [{ provider: 'okta', domain: 'a.example/path' }, 'grant.domain'],
  [{ provider: 'okta', domain: 'user@a.example' }, 'grant.domain'],
  [{ provider: 'okta', domain: 'a.example#' }, 'grant.domain'],
  [{ provider: 'microsoft', tenant: '../x' }, 'grant.tenant'],
  [{ provider: 'keycloak', domain: 'a.example', realm: 'a/b' }, 'grant.realm'],
  [{ provider: 'xero', domain: 'a.example' }, 'grant.domain'],
  [{ provider: 'quickbooks' }, 'grant.auth'],
  [{ provider: 'workos', auth: { method: 'none' } }, 'grant.tokenEndpoint'],
])('%j is refused', (grant, option) => {
  const refused = () => read(grant);
  expect(refused).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  expect(refused).toThrow(option);
});
