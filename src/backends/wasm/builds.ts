/** The compiled modules, each in the builds that memories and engines ask for. */
import type { Heap } from './heap.ts';

/** A module with one f32x4.relaxed_madd: where it is valid, so are the builds with a fused multiply-add. */
const MULTIPLY_ADD = [
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 20, 1, 18, 0],
  ...[0x41, 0, 0xfd, 15, 0x41, 0, 0xfd, 15, 0x41, 0, 0xfd, 15, 0xfd, 0x85, 2, 0x1a, 11],
];

/** Whether a·b + c is one instruction here, which makes products up to twice as fast. */
export function fusesMultiplyAdd(): boolean {
  return WebAssembly.validate(new Uint8Array(MULTIPLY_ADD));
}

/** The builds of a module by what they need; of each there is one that a page fetches. */
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
} as const;

/** The build of a module for this memory and this engine. */
export async function binaryOf(module: keyof typeof BUILDS, { isShared }: Heap): Promise<Uint8Array<ArrayBuffer>> {
  const { plain, shared, fused, fusedShared } = BUILDS[module];
  const [alone, together] = fusesMultiplyAdd() ? [fused, fusedShared] : [plain, shared];
  const { KERNELS } = await (isShared ? together() : alone());
  return Uint8Array.from(atob(KERNELS), (character) => character.charCodeAt(0));
}
