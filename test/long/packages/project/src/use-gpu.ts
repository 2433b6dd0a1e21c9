import { open } from 'equilibra';

export const openOn = (device: GPUDevice, powerPreference: GPUPowerPreference) => open({ device, powerPreference });

// @ts-expect-error: where the types of WebGPU are known, a device is one of them.
export const engine = open({ device: 5 });
