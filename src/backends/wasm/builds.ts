/** The compiled modules. Each has a build for every kind of memory and for every kind of JavaScript engine. */
import type { Heap } from './heap.ts';

/**
 * A module with one f32x4.relaxed_madd instruction: an engine that accepts it accepts the builds with a fused
 * multiply-add.
 */
const MULTIPLY_ADD = [
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 20, 1, 18, 0],
  ...[0x41, 0, 0xfd, 15, 0x41, 0, 0xfd, 15, 0x41, 0, 0xfd, 15, 0xfd, 0x85, 2, 0x1a, 11],
];

/** Whether a·b + c is one instruction in this engine, which makes products up to twice as fast. */
export function fusesMultiplyAdd(): boolean {
  return WebAssembly.validate(new Uint8Array(MULTIPLY_ADD));
}

/** The builds of each module. A page fetches one build of a module. */
const BUILDS = {
  kernels: {
    plain: () => import('./kernels.generated.ts'),
    shared: () => import('./kernels-shared.generated.ts'),
    fused: () => import('./kernels-fused.generated.ts'),
    fusedShared: () => import('./kernels-fused-shared.generated.ts'),
  },
  second: {
    plain: () => import('./second.generated.ts'),
    shared: () => import('./second-shared.generated.ts'),
    fused: () => import('./second-fused.generated.ts'),
    fusedShared: () => import('./second-fused-shared.generated.ts'),
  },
  program: {
    plain: () => import('./program.generated.ts'),
    shared: () => import('./program-shared.generated.ts'),
    fused: () => import('./program-fused.generated.ts'),
    fusedShared: () => import('./program-fused-shared.generated.ts'),
  },
  cones: {
    plain: () => import('./cones.generated.ts'),
    shared: () => import('./cones-shared.generated.ts'),
    fused: () => import('./cones-fused.generated.ts'),
    fusedShared: () => import('./cones-fused-shared.generated.ts'),
  },
  conic: {
    plain: () => import('./conic.generated.ts'),
    shared: () => import('./conic-shared.generated.ts'),
    fused: () => import('./conic-fused.generated.ts'),
    fusedShared: () => import('./conic-fused-shared.generated.ts'),
  },
  spectra: {
    plain: () => import('./spectra.generated.ts'),
    shared: () => import('./spectra-shared.generated.ts'),
    fused: () => import('./spectra-fused.generated.ts'),
    fusedShared: () => import('./spectra-fused-shared.generated.ts'),
  },
} as const;

/** The modules that are fetched when a Program first needs them, by their numbers. */
export const LATE_MODULES = ['second', 'program', 'cones', 'conic', 'spectra'] as const;

/** Loads the build of a module that suits this memory and this engine. */
export async function binaryOf(module: keyof typeof BUILDS, { isShared }: Heap): Promise<Uint8Array<ArrayBuffer>> {
  const { plain, shared, fused, fusedShared } = BUILDS[module];
  const [forOneThread, forManyThreads] = fusesMultiplyAdd() ? [fused, fusedShared] : [plain, shared];
  const { KERNELS } = await (isShared ? forManyThreads() : forOneThread());
  return Uint8Array.from(atob(KERNELS), (character) => character.charCodeAt(0));
}
