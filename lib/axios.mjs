// `import` from 'token-rotator/axios'. The types of axios differ for `import` and `require`, and so do those of this entry: TypeScript
// wants a module of its own beside the types of `import`.

export {
  RefreshTimeoutError,
  axiosAdapter,
  createTokenRotator,
  installAuthRefresh,
  setAuthHeaders,
} from './axios.js';
