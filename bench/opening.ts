/** Opens contestants in the measured environment. A peer's modules are loaded only when it is opened. */
import type { GPUJSMode } from '../src/backends/gpujs/options.ts';
import { type AdapterDescription, type BackendName, type OpenOptions, open } from '../src/index.ts';
import type { Works } from './cases.ts';
import { type Contestant, maximumMultiplications } from './contestants.ts';
import { equilibraWorks, measureImplicitMemory } from './equilibra.ts';
import type { Size } from './problems.ts';

export interface OpenEntrant {
  readonly works: Works;
  /** The adapter of the library's own engine, including threads that have started since it was opened. */
  readonly adapter?: AdapterDescription;
  /** The number of threads that have a processor; threads may start after the opening. */
  threads?(): number | undefined;
  /** The bytes that a solve of `iterations` iterations and its gradient need, where the library reports them. */
  memory?(size: Size, iterations: number): Promise<number>;
  /** Whether the contestant takes part at this size. Default: always. */
  takes?(size: Size): boolean;
}

/** Rejects with the reason where the contestant cannot take part. */
export async function openEntrant({ library, backend }: Contestant): Promise<OpenEntrant> {
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
        memory: (size, iterations) => measureImplicitMemory(options, size, iterations),
        takes: ({ batch, width }) => batch * width ** 2 <= maximumMultiplications(backend, first),
      };
    }
    case 'jax-js':
      return { works: await (await import('./peers/jax.ts')).openJax(backend as 'webgpu' | 'wasm') };
    case 'tfjs': {
      const {
        openTensorflow,
        measureUnrolledMemory: unrolledMemory,
        wasmThreads,
      } = await import('./peers/tensorflow.ts');
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

/** @param backend the backend of a contestant: one of the library's, or gpujs followed by its mode */
function optionsFor(backend: string): OpenOptions {
  const [name, mode] = backend.split('-') as [BackendName, GPUJSMode?];
  if (!mode) return { backend: name };
  // The bundle for pages contains the package; in Node the library imports it.
  const load = typeof document === 'undefined' ? undefined : () => import('gpu.js');
  return { backend: name, gpujs: { mode, load } };
}

/**
 * The number of threads that the adapter reports, in a field of its own or in its description; plain loops have one.
 * Undefined where a device does the work.
 */
export function threadsOf(
  backend: string,
  { threadsUsed, description }: Pick<AdapterDescription, 'description' | 'threadsUsed'>,
): number | undefined {
  if (threadsUsed !== undefined) return threadsUsed;
  if (backend === 'cpu') return 1;
  const [, told] = description.match(/\b(\d+|one) threads?\b/) ?? [];
  return told === undefined ? undefined : told === 'one' ? 1 : Number(told);
}
