'use strict';

// What npm oauth4webapi reads in `WWW-Authenticate`, in a process of its own, because it is ESM only. Gets a list of lists of lines from its
// parent, and sends for each the challenges, `{ scheme, parameters }`, or null where it reads none.

const URL_OF_API = new URL('https://api.example/');

process.on('message', async (answers) => {
  const { customFetch, protectedResourceRequest } = await import('oauth4webapi');
  const read = async (lines) => {
    const headers = new Headers();
    for (const line of lines) headers.append('www-authenticate', line);
    const options = { [customFetch]: async () => new Response(null, { status: 401, headers }) };
    try {
      await protectedResourceRequest('token', 'GET', URL_OF_API, undefined, undefined, options);
      return null;
    } catch (error) {
      if (error.code !== 'OAUTH_WWW_AUTHENTICATE_CHALLENGE') throw error;
      return error.cause;
    }
  };
  process.send(await Promise.all(answers.map(read)));
});

process.on('disconnect', () => process.exit());
