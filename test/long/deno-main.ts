/** Run by Deno: the kernel suites named on its command line; prints a line of JSON for each case. */
import { webgpuSuites } from '../parity/cases/webgpu.ts';
import { runKernelCase } from './kernels.ts';

declare const Deno: { readonly args: readonly string[]; exit(code: number): never };

for (const { name: suite, cases } of webgpuSuites) {
  if (!Deno.args.includes(suite)) continue;
  for (const { name } of cases) console.log(JSON.stringify([suite, name, await runKernelCase(suite, name)]));
}
Deno.exit(0);
