'use strict';

// npm oauth4webapi's opinion of token endpoint's answers, in a process of its own, because it is ESM only. Gets a list of answers
// from its parent, and sends [accessToken | null, refreshToken | null] for each: null where it rejects.

const AS = { issuer: 'https://auth.example', token_endpoint: 'https://auth.example/token' };
const CLIENT = { client_id: 'app' };

process.on('message', async (answers) => {
  const { processRefreshTokenResponse } = await import('oauth4webapi');
  const verdicts = [];
  for (const { status, contentType, body } of answers) {
    const headers = contentType === null ? {} : { 'content-type': contentType };
    try {
      // Bytes, because a text would get a content type of its own.
      const response = new Response(Buffer.from(body), { status, headers });
      const read = await processRefreshTokenResponse(AS, CLIENT, response);
      verdicts.push([read.access_token, read.refresh_token ?? null]);
    } catch {
      verdicts.push([null, null]);
    }
  }
  process.send(verdicts);
});

process.on('disconnect', () => process.exit());
