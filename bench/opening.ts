/** Opens who takes part, where they are measured. Modules of peers are loaded here, and not before they are wanted. */
import { type AdapterDescription, type BackendName, open } from '../src/index.ts';
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
}

/** Rejects where it cannot take part, with the reason. */
export async function opened({ library, backend }: Contestant): Promise<Opened> {
  switch (library) {
    case 'equilibra': {
      const engine = await open({ backend: backend as BackendName });
      return {
        works: equilibraWorks(engine),
        adapter: engine.adapter,
        memory: (size, iterations) => implicitMemory(engine.backend, size, iterations),
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
