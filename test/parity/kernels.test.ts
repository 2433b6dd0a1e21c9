/** Every kernel of the backends that need no GPU, against the CPU. */
import { openCPU } from '../../src/backends/cpu/index.ts';
import { openGPUJS } from '../../src/backends/gpujs/index.ts';
import { openWasm } from '../../src/backends/wasm/index.ts';
import { coneCases, simpleConeCases } from './cases/cones.ts';
import { descentCases } from './cases/descent.ts';
import { batchedInvertCases, factorCases } from './cases/factorisations.ts';
import { homotopyCases } from './cases/homotopy.ts';
import { iterateCases, parityCases } from './cases/index.ts';
import { invertCases } from './cases/invert.ts';
import { passCases } from './cases/pass.ts';
import { spectrumCases } from './cases/spectra.ts';
import { describeParity } from './suite.ts';

describeParity('wasm', openWasm, [
  ...parityCases,
  ...iterateCases,
  ...descentCases,
  ...homotopyCases,
  ...invertCases,
  ...factorCases,
  ...batchedInvertCases,
  ...spectrumCases,
  ...simpleConeCases,
  ...coneCases,
]);
describeParity('gpujs, as WebAssembly', () => openGPUJS({ mode: 'webassembly' }), [...parityCases, ...simpleConeCases]);
describeParity('cpu', async () => openCPU(), passCases);
