/** Finds a GPU: that of the browser, or, in Node, through Dawn. */
import type { AdapterDescription } from '../backend.ts';

export interface DeviceOptions {
  /** A device that the caller already has. It is shared, and remains the caller's. */
  device?: GPUDevice;
  powerPreference?: GPUPowerPreference;
}

export interface OpenedDevice {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  /** Frees the device, unless it is shared. */
  release(): void;
}

/** The values of the WebGPU specification, since Node has no global GPUBufferUsage. */
export const USAGE = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80 } as const;
export const MAP_READ = 0x1;

/** Limits that are requested at the maximum of the adapter, so that a tensor may be as large as the device allows. */
const NEGOTIATED = ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxComputeWorkgroupStorageSize'] as const;

export async function openDevice({ device, powerPreference }: DeviceOptions): Promise<OpenedDevice> {
  if (device) return { device, adapter: describeAdapter(device.adapterInfo), release: () => {} };
  const gpu = await findGPU();
  const adapter = await gpu.requestAdapter({ powerPreference });
  if (!adapter) throw (await elsewhere()).createNoAdapterError();
  const requiredLimits = Object.fromEntries(NEGOTIATED.map((name) => [name, adapter.limits[name]]));
  const opened = await adapter.requestDevice({ label: 'equilibra', requiredLimits });
  return {
    device: opened,
    adapter: describeAdapter(adapter.info),
    release: () => opened.destroy(),
  };
}

async function findGPU(): Promise<GPU> {
  return globalThis.navigator?.gpu ?? (await elsewhere()).findNodeGPU();
}

const elsewhere = (): Promise<typeof import('./node-gpu.ts')> => import('./node-gpu.ts');

export function describeAdapter(info: GPUAdapterInfo): AdapterDescription {
  const { vendor, architecture, description } = info;
  return {
    vendor,
    architecture,
    // Browsers often report only vendor and architecture.
    description: description || info.device || `${vendor} ${architecture}`.trim() || 'unnamed adapter',
    software: isSoftware(info),
  };
}

/** Whether the adapter is a program on the CPU. Such adapters do not always report that they are. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  if (info.isFallbackAdapter) return true;
  const names = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`.toLowerCase();
  return /\bgoogle\b|swiftshader|llvmpipe|lavapipe|microsoft basic render/.test(names);
}
