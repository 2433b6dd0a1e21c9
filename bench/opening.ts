/** Opens who takes part, where they are measured. Modules of peers are loaded here, and not before they are wanted. */
import type { GPUJSMode } from '../src/backends/gpujs/index.ts';
import { type AdapterDescription, type BackendName, type OpenOptions, open } from '../src/index.ts';
import type { Works } from './cases.ts';
import { type Contestant, mostMultiplications } from './contestants.ts';
import { equilibraWorks, implicitMemory } from './equilibra.ts';
import type { Size } from './problems.ts';

export interface Opened {
  readonly works: Works;
  /** Of the library's own engine; threads that have begun to serve since are in it. */
  readonly adapter?: AdapterDescription;
  /** That work on a processor; they may begin to serve after the opening. */
  threads?(): number | undefined;
  /** Bytes that a solve of so many iterations and its gradient need, where the library tells. */
  memory?(size: Size, iterations: number): Promise<number>;
  /** Whether it takes part at this size. Default: at all. */
  takes?(size: Size): boolean;
}

/** Rejects where it cannot take part, with the reason. */
export async function opened({ library, backend }: Contestant): Promise<Opened> {
  switch (library) {
    case 'equilibra': {
      const options = optionsFor(backend);
      const engine = await open(options);
      const { adapter: first } = engine;
      return {
        works: equilibraWorks(engine),
        get adapter() {
          return engine.adapter;
        },
        threads: () => threadsOf(backend, engine.adapter),
        memory: (size, iterations) => implicitMemory(options, size, iterations),
        takes: ({ batch, width }) => batch * width ** 2 <= mostMultiplications(backend, first),
      };
    }
    case 'jax-js':
      return { works: await (await import('./peers/jax.ts')).openJax(backend as 'webgpu' | 'wasm') };
    case 'tfjs': {
      const { openTensorflow, unrolledMemory, wasmThreads } = await import('./peers/tensorflow.ts');
      const works = await openTensorflow(backend as 'webgpu' | 'wasm');
      const threads = backend === 'wasm' ? { threads: wasmThreads } : {};
      return { works, ...threads, memory: async (size, iterations) => unrolledMemory(size, iterations) };
    }
    case 'gpu.js':
      return { works: await (await import('./peers/gpu.ts')).openGpu(backend === 'wasm' ? 'webasm' : 'webgpu') };
    case 'plain':
      return { works: (await import('./peers/plain.ts')).plainWorks, threads: () => 1 };
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

/** As the adapter tells, in a field of its own or in words; plain loops have one. Undefined where a device does the work. */
export function threadsOf(
  backend: string,
  { threadsUsed, description }: Pick<AdapterDescription, 'description' | 'threadsUsed'>,
): number | undefined {
  if (threadsUsed !== undefined) return threadsUsed;
  if (backend === 'cpu') return 1;
  const [, told] = description.match(/\b(\d+|one) threads?\b/) ?? [];
  return told === undefined ? undefined : told === 'one' ? 1 : Number(told);
}
