'use strict';

// What well-known authorization servers document of themselves. docs/providers.md shows this table: `node .ci/providers.js`
// writes it. A fact that no page of the provider states is left out.

const MINUTE = 60_000;
/** For a refresh token that stays good after it was used, however late: a day is longer than any answer is waited for. */
const DAY = 86_400_000;

/**
 * `tokenEndpoint`: in braces are the grant's fields that it needs, with `defaults`.
 * `auth`: methods of client authentication, the usual one first.
 * `rotation`: whether a refresh brings a new refresh token and ends the old one.
 * `rotationGrace`: how long the old one is accepted again, ms. 0: until an administrator sets a time.
 * `access`, `refresh`: how long the tokens live. `notes`: odd fields and quotas. `sources`: where all this is written.
 */
const PROVIDERS = {
  __proto__: null,
  google: {
    title: 'Google',
    tokenEndpoint: 'https://oauth2.googleapis.com/token',
    revocationEndpoint: 'https://oauth2.googleapis.com/revoke',
    auth: ['client_secret_post', 'none'],
    rotation: 'never',
    refresh:
      'until it has not been used for six months; 7 days while the consent screen is of the publishing status "Testing"',
    notes: [
      'Only so many refresh tokens live at once for a user and a client: a new one ends the oldest without a word.',
      'Service accounts use `jwt_bearer`, with the scopes in the claim `scope` and `sub: null`.',
    ],
    sources: ['https://developers.google.com/identity/protocols/oauth2'],
  },
  microsoft: {
    title: 'Microsoft Entra ID',
    tokenEndpoint: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token',
    auth: ['client_secret_post', 'private_key_jwt', 'client_assertion', 'none'],
    rotation: 'a new one each time; the old one stays good',
    rotationGrace: DAY,
    refresh: '90 days; 24 hours for single-page apps',
    notes: [
      '`client_credentials` asks for one resource, as `scope: "https://graph.microsoft.com/.default"`.',
      '`private_key_jwt` needs `certificate`, because Entra finds the key by its thumbprint.',
    ],
    sources: ['https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens'],
  },
  github: {
    title: 'GitHub (Apps whose user tokens expire)',
    tokenEndpoint: 'https://{domain}/login/oauth/access_token',
    defaults: { domain: 'github.com' },
    auth: ['client_secret_post', 'none'],
    rotation: 'always; the old access token ends too',
    access: '8 hours',
    refresh: '6 months',
    notes: ['Errors come with status 200, such as `bad_refresh_token`.'],
    sources: [
      'https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens',
    ],
  },
  gitlab: {
    title: 'GitLab',
    tokenEndpoint: 'https://{domain}/oauth/token',
    revocationEndpoint: 'https://{domain}/oauth/revoke',
    defaults: { domain: 'gitlab.com' },
    auth: ['client_secret_post', 'none'],
    rotation: 'always; the old access token ends too',
    access: '2 hours',
    sources: ['https://docs.gitlab.com/api/oauth2/'],
  },
  atlassian: {
    title: 'Atlassian (3LO)',
    tokenEndpoint: 'https://auth.atlassian.com/oauth/token',
    auth: ['client_secret_post'],
    rotation: 'always',
    rotationGrace: 10 * MINUTE,
    refresh: '90 days without use',
    notes: ['A dead refresh token is answered with status 403.'],
    sources: ['https://developer.atlassian.com/cloud/oauth/getting-started/refresh-tokens'],
  },
  slack: {
    title: 'Slack (apps with token rotation)',
    tokenEndpoint: 'https://slack.com/api/oauth.v2.access',
    auth: ['client_secret_post', 'client_secret_basic'],
    rotation: 'always',
    access: '12 hours',
    notes: ['Errors come with status 200 and `ok: false`.'],
    sources: ['https://docs.slack.dev/authentication/using-token-rotation'],
  },
  salesforce: {
    title: 'Salesforce',
    tokenEndpoint: 'https://{domain}/services/oauth2/token',
    revocationEndpoint: 'https://{domain}/services/oauth2/revoke',
    defaults: { domain: 'login.salesforce.com' },
    auth: ['client_secret_post', 'none'],
    rotation: 'if the app has "refresh token rotation"',
    access: 'as long as the session timeout of the app; the answer does not say it',
    notes: ['`client_credentials` and `jwt_bearer` want the My Domain of the organization as `domain`.'],
    sources: ['https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_refresh_token_flow.htm'],
  },
  hubspot: {
    title: 'HubSpot',
    tokenEndpoint: 'https://api.hubapi.com/oauth/v1/token',
    auth: ['client_secret_post'],
    access: '30 minutes',
    notes: [
      'Access tokens have up to 300 characters.',
      'Version 1 of this endpoint ends on 16 February 2027: give a newer one as `tokenEndpoint`.',
    ],
    sources: [
      'https://developers.hubspot.com/changelog/upcoming-expiration-of-oauth-access-tokens-is-changing',
      'https://developers.hubspot.com/docs/api-reference/legacy/authentication/oauth-tokens/v1/refresh-oauth-token',
    ],
  },
  zoho: {
    title: 'Zoho',
    tokenEndpoint: 'https://{domain}/oauth/v2/token',
    revocationEndpoint: 'https://{domain}/oauth/v2/token/revoke',
    defaults: { domain: 'accounts.zoho.com' },
    auth: ['client_secret_post'],
    rotation: 'never',
    access: '1 hour',
    notes: [
      '`domain` is that of the data center of the user, such as `accounts.zoho.eu`.',
      'A refresh token brings ten access tokens in ten minutes at most. A user has 20 refresh tokens at most: a new one ends the oldest.',
      'The API wants `Zoho-oauthtoken TOKEN`: `header: { format: (token) => "Zoho-oauthtoken " + token }`.',
    ],
    sources: [
      'https://www.zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html',
      'https://www.zoho.com/pdfeditor/help/api/oauth-step4.html',
    ],
  },
  xero: {
    title: 'Xero',
    tokenEndpoint: 'https://identity.xero.com/connect/token',
    revocationEndpoint: 'https://identity.xero.com/connect/revocation',
    auth: ['client_secret_basic', 'none'],
    rotation: 'always; within the grace the old one brings tokens again',
    rotationGrace: 30 * MINUTE,
    access: '30 minutes',
    refresh: '60 days without use',
    sources: [
      'https://developer.xero.com/documentation/guides/oauth2/auth-flow',
      'https://community.xero.com/developer/discussion/105714701/',
    ],
  },
  quickbooks: {
    title: 'QuickBooks Online (Intuit)',
    tokenEndpoint: 'https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer',
    revocationEndpoint: 'https://developer.api.intuit.com/v2/oauth2/tokens/revoke',
    auth: ['client_secret_basic'],
    rotation: 'the value changes about every 24 hours: keep the newest',
    access: '1 hour',
    refresh: '100 days without use, and 5 years in all',
    notes: ['The life of the refresh token is in `x_refresh_token_expires_in`.'],
    sources: [
      'https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/faq',
      'https://github.com/intuit/QuickBooks-V3-Java-SDK/releases/tag/v6.5.4',
    ],
  },
  shopify: {
    title: 'Shopify (expiring offline tokens)',
    tokenEndpoint: 'https://{domain}/admin/oauth/access_token',
    auth: ['client_secret_post'],
    rotation: 'always; the old one stays good until the new one is used',
    rotationGrace: DAY,
    access: '1 hour; 24 hours with `client_credentials`',
    notes: [
      '`domain` is that of the shop, such as `example.myshopify.com`.',
      'The API wants the token in a header of its own: `header: { name: "x-shopify-access-token", format: (token) => token }`.',
    ],
    sources: [
      'https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/offline-access-tokens',
      'https://shopify.dev/changelog/more-resilient-refreshes-for-expiring-offline-access-tokens',
    ],
  },
  box: {
    title: 'Box',
    tokenEndpoint: 'https://api.box.com/oauth2/token',
    revocationEndpoint: 'https://api.box.com/oauth2/revoke',
    auth: ['client_secret_post'],
    rotation: 'always',
    access: 'about an hour; `expires_in` varies',
    refresh: '60 days, and one use',
    sources: [
      'https://developer.box.com/guides/authentication/tokens/refresh',
      'https://developer.box.com/guides/authentication/tokens/access-tokens/',
    ],
  },
  dropbox: {
    title: 'Dropbox',
    tokenEndpoint: 'https://api.dropboxapi.com/oauth2/token',
    auth: ['client_secret_basic', 'client_secret_post', 'none'],
    rotation: 'never',
    access: '4 hours',
    sources: ['https://dropbox.tech/developers/using-oauth-2-0-with-offline-access'],
  },
  zoom: {
    title: 'Zoom',
    tokenEndpoint: 'https://zoom.us/oauth/token',
    revocationEndpoint: 'https://zoom.us/oauth/revoke',
    auth: ['client_secret_basic'],
    rotation: 'always',
    access: '1 hour',
    notes: [
      'Server-to-server apps use `account_credentials`, a grant of Zoom’s own, which needs a `refresh` function.',
    ],
    sources: [
      'https://developers.zoom.us/docs/integrations/oauth/',
      'https://developers.zoom.us/docs/rooms/s2s-oauth/',
    ],
  },
  linkedin: {
    title: 'LinkedIn',
    tokenEndpoint: 'https://www.linkedin.com/oauth/v2/accessToken',
    auth: ['client_secret_post'],
    access: '60 days',
    refresh: '365 days from the login; a refresh does not lengthen it',
    notes: [
      'Refresh tokens are for approved partners only.',
      'The life of the refresh token is in `refresh_token_expires_in`.',
    ],
    sources: ['https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens'],
  },
  okta: {
    title: 'Okta',
    tokenEndpoint: 'https://{domain}/oauth2/v1/token',
    revocationEndpoint: 'https://{domain}/oauth2/v1/revoke',
    auth: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none'],
    rotation: 'by the setting of the app',
    rotationGrace: 30_000,
    notes: [
      'The grace is the setting `leeway`: 0 to 60 s, 30 s unless changed.',
      'This is the org authorization server. Of a custom one give the `issuer`, such as `https://example.okta.com/oauth2/default`.',
    ],
    sources: ['https://developer.okta.com/docs/guides/refresh-tokens/main/'],
  },
  auth0: {
    title: 'Auth0',
    tokenEndpoint: 'https://{domain}/oauth/token',
    revocationEndpoint: 'https://{domain}/oauth/revoke',
    auth: ['client_secret_post', 'client_secret_basic', 'private_key_jwt', 'none'],
    rotation: 'by the setting of the application',
    rotationGrace: 0,
    notes: [
      'The grace is the setting "Rotation Overlap Period": pass it as `rotationGrace`.',
      '`client_credentials` needs `audience`.',
    ],
    sources: ['https://auth0.com/docs/secure/tokens/refresh-tokens/configure-refresh-token-rotation'],
  },
  keycloak: {
    title: 'Keycloak',
    tokenEndpoint: 'https://{domain}/realms/{realm}/protocol/openid-connect/token',
    revocationEndpoint: 'https://{domain}/realms/{realm}/protocol/openid-connect/revoke',
    auth: [
      ...['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt'],
      ...['tls_client_auth', 'none'],
    ],
    rotation: 'if the realm has "Revoke Refresh Token"',
    access: '5 minutes unless changed',
    refresh: 'as long as the SSO session: its idle time, and its longest life',
    notes: ['The life of the refresh token is in `refresh_expires_in`.'],
    sources: ['https://www.keycloak.org/docs/latest/server_admin/#_timeouts'],
  },
  cognito: {
    title: 'Amazon Cognito user pools',
    tokenEndpoint: 'https://{domain}/oauth2/token',
    revocationEndpoint: 'https://{domain}/oauth2/revoke',
    auth: ['client_secret_basic', 'client_secret_post', 'none'],
    rotation: 'by the setting of the app client',
    rotationGrace: 0,
    notes: [
      '`domain` is that of the user pool, such as `example.auth.eu-central-1.amazoncognito.com`.',
      'The grace is the setting `RetryGracePeriodSeconds`, up to 60: pass it as `rotationGrace`, in ms.',
    ],
    sources: [
      'https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html',
      'https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RefreshTokenRotationType.html',
    ],
  },
  supabase: {
    title: 'Supabase Auth',
    rotation: 'always; the parent of the newest one brings the newest again',
    rotationGrace: 10_000,
    access: '5 minutes to 1 hour, as set',
    refresh: 'one use; no end of its own',
    notes: ['Give the `tokenEndpoint`, or the `issuer`, of your project.'],
    sources: ['https://supabase.com/docs/guides/auth/sessions'],
  },
  workos: {
    title: 'WorkOS AuthKit',
    rotation: 'always',
    rotationGrace: 10_000,
    notes: [
      '10 s is the least that was seen; the documentation names no time.',
      'Give the `tokenEndpoint` or the `issuer`.',
    ],
    sources: ['https://workos.com/docs/reference/authkit/authentication/refresh-token'],
  },
};

module.exports = { PROVIDERS };
