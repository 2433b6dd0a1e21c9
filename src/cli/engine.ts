/** Opens the engine of a command. */
import { openWithoutAdapter } from '../backends/open.ts';
import { type BackendName, open } from '../index.ts';
import { Engine } from '../tensor/engine.ts';
import { explainNoWebGPU } from './diagnosis.ts';
import { InputError } from './io.ts';
import { probeWebGPU } from './probe.ts';

/**
 * Opens the backend that the user asked for, or else the one that open() chooses. WebGPU is tried in another process
 * first, since a missing driver prints messages and a faulty one may crash the process.
 * @throws InputError where the user asked for webgpu and there is no adapter
 */
export async function openEngine(backend: BackendName | undefined): Promise<Engine> {
  if (backend !== undefined && backend !== 'webgpu') return open({ backend });
  const probe = await probeWebGPU();
  if (backend === 'webgpu' && !probe.adapter) {
    throw new InputError(`--backend webgpu: ${probe.problem}; \`equilibra doctor\` says what to do about it`);
  }
  const against = explainNoWebGPU(probe);
  if (backend === 'webgpu' || !against) return open({ backend: 'webgpu' });
  const opened = await openWithoutAdapter({}, against);
  return new Engine(opened.backend, opened.reason);
}
