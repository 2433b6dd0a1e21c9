/** Who takes part: each backend of the library, and the libraries that people would pick instead. */
import { GPUJS_MODES } from '../src/backends/gpujs/index.ts';
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
const CHROME: readonly EnvironmentName[] = ['chrome'];

/** gpu.js in each of its modes, of which Node has one. */
const OWN = BACKENDS.flatMap((backend) =>
  backend === 'gpujs'
    ? GPUJS_MODES.map((mode) => ({ backend: `gpujs-${mode}`, environments: mode === 'webgl2' ? CHROME : BOTH }))
    : [{ backend, environments: BOTH }],
);

/** The library first: its answer is what the others are compared with. TensorFlow.js needs its own package for Node. */
export const CONTESTANTS: readonly Entrant[] = [
  ...OWN.map((own) => ({ library: 'equilibra' as const, ...own })),
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
