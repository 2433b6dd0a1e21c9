/// <reference lib="esnext.disposable" preserve="true" />

/**
 * The types of the environment that the public face mentions. A program without the types of the web, of Node or of
 * WebGPU lacks some of them, and the types of this package hold there too: an empty interface adds nothing to one that
 * is declared already, and stands for one that is not. The library above declares `Symbol.dispose` in the same way.
 */
declare global {
  // biome-ignore-start lint/suspicious/noEmptyInterface: these interfaces are merged with those of the environment
  interface AbortSignal {}
  interface Blob {}
  interface Event {}
  interface GPUBuffer {}
  interface GPUDevice {}
  interface Response {}
  // biome-ignore-end lint/suspicious/noEmptyInterface: as above
}

export type {};
