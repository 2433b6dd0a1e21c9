/** Every kernel of WebGPU over Dawn, in the variants for software and for hardware adapters, against the CPU. */
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { webgpuSuites } from './cases/webgpu.ts';
import { describeParity } from './suite.ts';

for (const { name, options, cases } of webgpuSuites)
  describeParity(`webgpu, ${name}`, () => openWebGPU(options), cases);
