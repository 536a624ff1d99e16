// Compiled, never run: `client.fetch` goes wherever the global one does.

import { TokenClient } from 'token-rotator';

declare const client: TokenClient;

/** As SDKs declare it. */
interface SdkOptions {
  fetch?: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
}

export async function drops(): Promise<void> {
  const { fetch } = client;
  const same: typeof globalThis.fetch = fetch;
  const options: SdkOptions = { fetch: client.session('tenant').fetch };
  const response: Response = await fetch(new URL('https://api.example.com'), {
    method: 'POST',
    body: 'text',
  });
  const clone: Response = response.clone();
  await fetch(new Request('https://api.example.com'), { redirect: 'manual', signal: AbortSignal.timeout(1) });
  void [same, options, clone];

  // @ts-expect-error: it is the client's own
  client.fetch = globalThis.fetch;
  // @ts-expect-error: only this client's requests have that mode
  await fetch('/', { redirect: 'same-origin' });
}
