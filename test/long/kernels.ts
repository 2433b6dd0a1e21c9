/** The parity cases of the kernels, for implementations of WebGPU outside this process. Runs in a page and in Deno. */
import type { Backend } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { webgpuSuites } from '../parity/cases/webgpu.ts';

const opened = new Map<string, Promise<Backend>>();

/** Runs a case of a suite. Returns the error message, or an empty string. */
export async function runKernelCase(suite: string, name: string): Promise<string> {
  try {
    const { options, cases } = webgpuSuites.find((one) => one.name === suite) ?? { options: {}, cases: [] };
    const found = cases.find((one) => one.name === name);
    if (!found) throw new Error(`the suite ${suite} has no case ${name}`);
    const candidate = opened.get(suite) ?? openWebGPU(options);
    opened.set(suite, candidate);
    await found.run(openCPU(), await candidate);
    return '';
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
