/** Opens who takes part, where they are measured. Modules of peers are loaded here, and not before they are wanted. */
import { type AdapterDescription, type BackendName, open } from '../src/index.ts';
import type { Works } from './cases.ts';
import type { Contestant } from './contestants.ts';
import { equilibraWorks } from './equilibra.ts';

export interface Opened {
  readonly works: Works;
  /** Of the library's own engine. */
  readonly adapter?: AdapterDescription;
}

/** Rejects where it cannot take part, with the reason. */
export async function opened({ library, backend }: Contestant): Promise<Opened> {
  switch (library) {
    case 'equilibra': {
      const engine = await open({ backend: backend as BackendName });
      return { works: equilibraWorks(engine), adapter: engine.adapter };
    }
    case 'jax-js':
      return { works: await (await import('./peers/jax.ts')).openJax(backend as 'webgpu' | 'wasm') };
    case 'tfjs':
      return { works: await (await import('./peers/tensorflow.ts')).openTensorflow(backend as 'webgpu' | 'wasm') };
    case 'gpu.js':
      return { works: await (await import('./peers/gpu.ts')).openGpu(backend === 'wasm' ? 'webasm' : 'webgpu') };
    case 'plain':
      return { works: (await import('./peers/plain.ts')).plainWorks };
    default:
      throw new Error(`${library} does not run in a page or in Node`);
  }
}
