/** Opens the engine of a command. */
import { openWithoutAdapter } from '../backends/open.ts';
import { type BackendName, open } from '../index.ts';
import { Engine } from '../tensor/engine.ts';
import { explainNoWebGPU } from './diagnosis.ts';
import { InputError } from './io.ts';
import { probeWebGPU } from './probe.ts';

/**
 * The backend asked for, or the one that open() chooses. WebGPU is tried in another process first: a driver that is
 * missing is noisy, and a faulty one is worse.
 * @throws InputError where webgpu is asked for and there is none
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
