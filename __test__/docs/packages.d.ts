// Packages that pages import and that are not installed here.

declare module '@rollup/plugin-commonjs';
declare module '@rollup/plugin-json';
declare module '@rollup/plugin-node-resolve';
