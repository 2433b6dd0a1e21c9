/** Opens who takes part, where they are measured. Modules of peers are loaded here, and not before they are wanted. */
import type { GPUJSMode } from '../src/backends/gpujs/index.ts';
import { type AdapterDescription, type BackendName, type OpenOptions, open } from '../src/index.ts';
import type { Works } from './cases.ts';
import type { Contestant } from './contestants.ts';
import { equilibraWorks, implicitMemory } from './equilibra.ts';
import type { Size } from './problems.ts';

export interface Opened {
  readonly works: Works;
  /** Of the library's own engine. */
  readonly adapter?: AdapterDescription;
  /** Bytes that a solve of so many iterations and its gradient need, where the library tells. */
  memory?(size: Size, iterations: number): Promise<number>;
  /** Whether it takes part at this size. Default: at all. */
  takes?(size: Size): boolean;
}

/** Above that many multiplications in a product WebGL2 in software takes minutes for a case. */
const MOST_IN_SOFTWARE = 128 ** 3;

/** Rejects where it cannot take part, with the reason. */
export async function opened({ library, backend }: Contestant): Promise<Opened> {
  switch (library) {
    case 'equilibra': {
      const options = optionsFor(backend);
      const engine = await open(options);
      const { adapter } = engine;
      const isSlow = adapter.software && options.gpujs?.mode === 'webgl2';
      return {
        works: equilibraWorks(engine),
        adapter,
        memory: (size, iterations) => implicitMemory(options, size, iterations),
        takes: ({ batch, width }) => !isSlow || batch * width ** 2 <= MOST_IN_SOFTWARE,
      };
    }
    case 'jax-js':
      return { works: await (await import('./peers/jax.ts')).openJax(backend as 'webgpu' | 'wasm') };
    case 'tfjs': {
      const { openTensorflow, unrolledMemory } = await import('./peers/tensorflow.ts');
      const works = await openTensorflow(backend as 'webgpu' | 'wasm');
      return { works, memory: async (size, iterations) => unrolledMemory(size, iterations) };
    }
    case 'gpu.js':
      return { works: await (await import('./peers/gpu.ts')).openGpu(backend === 'wasm' ? 'webasm' : 'webgpu') };
    case 'plain':
      return { works: (await import('./peers/plain.ts')).plainWorks };
    default:
      throw new Error(`${library} does not run in a page or in Node`);
  }
}

/** @param backend of a contestant: one of the library's, gpujs followed by its mode */
function optionsFor(backend: string): OpenOptions {
  const [name, mode] = backend.split('-') as [BackendName, GPUJSMode?];
  if (!mode) return { backend: name };
  // The bundle of the page has the package; Node finds it by itself.
  const load = typeof document === 'undefined' ? undefined : () => import('gpu.js');
  return { backend: name, gpujs: { mode, load } };
}
