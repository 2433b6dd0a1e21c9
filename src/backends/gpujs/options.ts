/** The options of the gpu.js backend. They stand apart from it, since the types of the package mention them. */

/** How gpu.js runs kernels: on a graphics card by WebGL2, or on one thread of the processor by WebAssembly. */
export type GPUJSMode = 'webgl2' | 'webassembly';
export const GPUJS_MODES: readonly GPUJSMode[] = ['webgl2', 'webassembly'];

/**
 * Loads gpu.js in the way that suits the page: `() => import('gpu.js')`.
 *
 * @inline
 */
export type LibraryLoader = () => Promise<unknown>;

/** Options of the gpu.js backend. */
export interface GPUJSOptions {
  /** Default: 'webgl2' where a graphics card offers it, otherwise 'webassembly'. */
  mode?: GPUJSMode;
  /** Loads the package in a bundled page: `() => import('gpu.js')`. Node does not need it. */
  load?: LibraryLoader;
}
