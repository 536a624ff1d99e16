// Compiled, never run: errors narrow by class and by code.

import * as errors from 'token-rotator';
import { HttpError, RefreshError, SessionLostError, TimeoutError, TokenRotatorError } from 'token-rotator';
import type { ErrorCode, NetworkError, QueueFullError, StoreError } from 'token-rotator';

export function byClass(error: unknown): string {
  if (error instanceof SessionLostError) {
    const lost: true = error.sessionLost;
    const reason: 'rejected' | 'no_refresh_token' | 'rotation_outcome_unknown' | 'logged_out' = error.reason;
    return `${lost}${reason}`;
  }
  if (error instanceof RefreshError) return `${(error.retryAfter ?? 0) + 1}${String(error.cause)}`;
  if (error instanceof TimeoutError) {
    const phase: 'queue' | 'connect' | 'response' | 'body' = error.phase;
    return phase;
  }
  if (error instanceof HttpError) return error.response.url;
  if (error instanceof TokenRotatorError) {
    const code: ErrorCode = error.code;
    const json: { name: string; code: ErrorCode; retryable: boolean } = error.toJSON();
    // @ts-expect-error: no such code
    if (code === 'ERR_UNHEARD_OF') return '';
    return `${code}${json.name}`;
  }
  return '';
}

export function byCode(error: NetworkError | QueueFullError | StoreError | errors.HttpError): string {
  switch (error.code) {
    case 'ERR_HTTP_STATUS':
      return error.response.url;
    case 'ERR_NETWORK':
    case 'ERR_QUEUE_FULL':
    case 'ERR_STORE_UNAVAILABLE':
    case 'ERR_STORE_CORRUPT':
    case 'ERR_LOCK_TIMEOUT':
      return error.message;
    default: {
      const none: never = error;
      return none;
    }
  }
}

const made: TokenRotatorError = new SessionLostError('gone', { cause: new Error('why') });
void [made, new errors.ClientClosedError('closed'), new errors.RefreshTimeoutError('late')];
// @ts-expect-error: read-only
made.code = 'ERR_NETWORK';
