/** Opens the engine of a command. */
import { type BackendName, type Engine, open } from '../index.ts';
import { choiceOf } from './diagnosis.ts';
import { InputError } from './io.ts';
import { probeWebGPU } from './probe.ts';

/**
 * The backend asked for, or the one that open() chooses. WebGPU is tried in another process first: a driver that is
 * missing is noisy, and a faulty one is worse.
 * @throws InputError where webgpu is asked for and there is none
 */
export async function engineFor(backend: BackendName | undefined): Promise<Engine> {
  if (backend !== undefined && backend !== 'webgpu') return open({ backend });
  const probe = await probeWebGPU();
  if (backend === 'webgpu' && !probe.adapter) {
    throw new InputError(`--backend webgpu: ${probe.problem}; \`equilibra doctor\` says what to do about it`);
  }
  // The rule of open() with what is known by now.
  const choice = backend ?? choiceOf(probe).backend;
  return choice === 'wasm'
    ? open({ backend: choice }).catch(() => open({ backend: 'cpu' }))
    : open({ backend: choice });
}
