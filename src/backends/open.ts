/** Which backend is opened. */
import type { Backend, BackendName } from './backend.ts';

export interface OpenOptions {
  /** Default: webgpu on a hardware adapter, else cpu. A software adapter is used only when webgpu is asked for by name. */
  backend?: BackendName;
  /** A GPUDevice that the page already has; it stays the caller's and is not destroyed by close(). */
  device?: GPUDevice;
  /** Handed to requestAdapter. */
  powerPreference?: GPUPowerPreference;
}

export const BACKENDS: readonly BackendName[] = ['webgpu', 'cpu'];

export async function openBackend({ backend, device, powerPreference }: OpenOptions): Promise<Backend> {
  if (backend !== undefined && !BACKENDS.includes(backend)) {
    throw new RangeError(`open: backend is ${JSON.stringify(backend)}; it must be one of ${BACKENDS.join(', ')}`);
  }
  if (backend === 'cpu') {
    if (device) throw new RangeError('open: a device was given together with backend "cpu"; leave one of them out');
    return openCPU();
  }
  const openWebGPU = async (): Promise<Backend> =>
    (await import('./webgpu/index.ts')).openWebGPU({ device, powerPreference });
  if (backend === 'webgpu' || device) return openWebGPU();
  let found: Backend;
  try {
    found = await openWebGPU();
  } catch {
    return openCPU(); // no WebGPU here: `equilibra doctor` says why
  }
  if (!found.adapter.software) return found;
  found.close();
  return openCPU();
}

/** A page with a GPU never loads it. */
async function openCPU(): Promise<Backend> {
  return (await import('./cpu/index.ts')).openCPU();
}
