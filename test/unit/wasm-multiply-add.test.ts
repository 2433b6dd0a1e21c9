/** The builds with and without a fused multiply-add. An engine supports one or the other, so both are compared here. */
import { setFlagsFromString } from 'node:v8';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { fusesMultiplyAdd } from '../../src/backends/wasm/builds.ts';
import { openWasm } from '../../src/backends/wasm/index.ts';
import { iterateCases, parityCases } from '../parity/cases/index.ts';
import { invertCases } from '../parity/cases/invert.ts';

// Before version 21 Node has it behind a flag.
if (!fusesMultiplyAdd()) setFlagsFromString('--experimental-wasm-relaxed-simd');

const BUILDS = [
  { architecture: 'relaxed-simd', isFused: true, threads: 1 },
  { architecture: 'relaxed-simd', isFused: true, threads: 2 },
  { architecture: 'simd128', isFused: false, threads: 1 },
  { architecture: 'simd128', isFused: false, threads: 2 },
];

/** All cases of kernels that use tiles. */
const cases = [...parityCases.filter(({ name }) => name.startsWith('product')), ...iterateCases, ...invertCases];

afterEach(() => vi.restoreAllMocks());

describe.each(BUILDS)('$architecture, threads: $threads', ({ architecture, isFused, threads }) => {
  test('products, inverses and iterations agree with the CPU', async () => {
    if (!isFused) vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    const backend = await openWasm({ threads });
    try {
      expect(backend.adapter.architecture).toBe(architecture);
      expect(cases.length).toBeGreaterThan(15);
      for (const { run } of cases) await run(openCPU(), backend);
    } finally {
      backend.close();
    }
  });
});
