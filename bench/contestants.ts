/** The contestants: each backend of the library, and the libraries that people would choose instead. */
import { GPUJS_MODES } from '../src/backends/gpujs/options.ts';
import { BACKENDS } from '../src/backends/open.ts';
import type { AdapterDescription } from '../src/index.ts';
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
const CHROME: readonly EnvironmentName[] = ['chrome'];

/** gpu.js counts once for each of its modes; Node has only one of them. */
const OWN_CONTESTANTS = BACKENDS.flatMap((backend) =>
  backend === 'gpujs'
    ? GPUJS_MODES.map((mode) => ({ backend: `gpujs-${mode}`, environments: mode === 'webgl2' ? CHROME : BOTH }))
    : [{ backend, environments: BOTH }],
);

/**
 * The library comes first, because the answers of the others are compared with its answer. In Node, TensorFlow.js needs
 * a package of its own.
 */
export const CONTESTANTS: readonly Entrant[] = [
  ...OWN_CONTESTANTS.map((own) => ({ library: 'equilibra' as const, ...own })),
  { library: 'jax-js', backend: 'webgpu', environments: ['chrome'] },
  { library: 'jax-js', backend: 'wasm', environments: BOTH },
  { library: 'tfjs', backend: 'webgpu', environments: ['chrome'] },
  { library: 'tfjs', backend: 'wasm', environments: ['chrome'] },
  { library: 'gpu.js', backend: 'webgpu', environments: ['chrome'] },
  { library: 'gpu.js', backend: 'wasm', environments: BOTH },
  { library: 'plain', backend: 'javascript', environments: BOTH },
  { library: 'pytorch', backend: 'cpu', environments: ['python'] },
];

/** The most multiplications in one product that a backend is given: WebGL2 in software would take minutes for more. */
export function maximumMultiplications(backend: string, { software }: AdapterDescription): number {
  return backend === 'gpujs-webgl2' && software ? 128 ** 3 : Number.POSITIVE_INFINITY;
}

/** The name of a contestant in tables, such as "equilibra webgpu". */
export function nameOf({ library, backend }: Contestant): string {
  return `${library} ${backend}`;
}
