/** Who takes part: each backend of the library, and the libraries that people would pick instead. */
import { BACKENDS } from '../src/backends/open.ts';
import type { EnvironmentName } from './environment.ts';

export const LIBRARIES = ['equilibra', 'jax-js', 'tfjs', 'gpu.js', 'plain', 'pytorch'] as const;
export type LibraryName = (typeof LIBRARIES)[number];

/** A library on one of its backends. */
export interface Contestant {
  readonly library: LibraryName;
  readonly backend: string;
}

interface Entrant extends Contestant {
  readonly environments: readonly EnvironmentName[];
}

const BOTH: readonly EnvironmentName[] = ['chrome', 'node'];

/** The library first: its answer is what the others are compared with. TensorFlow.js needs its own package for Node. */
export const CONTESTANTS: readonly Entrant[] = [
  ...BACKENDS.map((backend) => ({ library: 'equilibra' as const, backend, environments: BOTH })),
  { library: 'jax-js', backend: 'webgpu', environments: ['chrome'] },
  { library: 'jax-js', backend: 'wasm', environments: BOTH },
  { library: 'tfjs', backend: 'webgpu', environments: ['chrome'] },
  { library: 'tfjs', backend: 'wasm', environments: ['chrome'] },
  { library: 'gpu.js', backend: 'webgpu', environments: ['chrome'] },
  { library: 'gpu.js', backend: 'wasm', environments: BOTH },
  { library: 'plain', backend: 'javascript', environments: BOTH },
  { library: 'pytorch', backend: 'cpu', environments: ['python'] },
];

/** As it is called in tables: equilibra webgpu. */
export function nameOf({ library, backend }: Contestant): string {
  return `${library} ${backend}`;
}
