/** A WebGPU device that counts the calls of its methods. */
import { openDevice } from '../../src/backends/webgpu/device.ts';

export interface DeviceCounts {
  submits: number;
  passes: number;
  dispatches: number;
  buffers: number;
  readBacks: number;
}

export interface CountedDevice {
  readonly device: GPUDevice;
  /** The counts since the last call. */
  take(): DeviceCounts;
  release(): void;
}

const NONE: DeviceCounts = { submits: 0, passes: 0, dispatches: 0, buffers: 0, readBacks: 0 };

export async function createCountedDevice(): Promise<CountedDevice> {
  const { device, release } = await openDevice({});
  let counts = { ...NONE };
  /** Calls `seen` with the result whenever the method is called. */
  const watch = <Result>(target: object, name: string, seen: (result: Result) => void): void => {
    const methods = target as Record<string, (...given: unknown[]) => Result>;
    const original = methods[name];
    methods[name] = (...given) => {
      const result = original.apply(target, given);
      seen(result);
      return result;
    };
  };
  watch(device.queue, 'submit', () => {
    counts.submits += 1;
  });
  watch(device, 'createBuffer', (buffer: GPUBuffer) => {
    counts.buffers += 1;
    watch(buffer, 'mapAsync', () => {
      counts.readBacks += 1;
    });
  });
  watch(device, 'createCommandEncoder', (encoder: GPUCommandEncoder) => {
    watch(encoder, 'beginComputePass', (pass: GPUComputePassEncoder) => {
      counts.passes += 1;
      watch(pass, 'dispatchWorkgroups', () => {
        counts.dispatches += 1;
      });
    });
  });
  return {
    device,
    take() {
      const taken = counts;
      counts = { ...NONE };
      return taken;
    },
    release,
  };
}
