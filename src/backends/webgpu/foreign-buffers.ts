/** Buffers that go in and out without a copy, on a device that several libraries share. */
import { createArgumentError, hasMethod } from '../../arguments/check.ts';
import type { Storage } from '../backend.ts';
import { USAGE } from './device.ts';
import { DeviceStorage } from './device-storage.ts';
import type { WebGPUBackend } from './index.ts';

const NEEDED = USAGE.storage | USAGE.copySource;

/**
 * Makes a buffer of the caller the storage of a tensor. The pool neither reuses nor destroys it.
 * @param onRelease called once, when all work that uses the buffer is submitted and nothing will use it any more
 * @throws RangeError where it is no buffer, is too small, or lacks a usage
 */
export function adoptBuffer(
  { scheduler, pool, device }: WebGPUBackend,
  handle: GPUBuffer,
  size: number,
  onRelease: () => void,
): Storage {
  scheduler.assertOpen();
  const place = 'tensorFromGPUBuffer: buffer';
  if (!hasMethod(handle, 'mapAsync')) throw createArgumentError(place, handle, 'a GPUBuffer');
  if (handle.size < 4 * size) {
    throw new RangeError(`${place} has ${handle.size} bytes; it must have ${4 * size} for ${size} numbers of float32`);
  }
  if (handle.size > device.limits.maxStorageBufferBindingSize) {
    throw new RangeError(
      `${place} has ${handle.size} bytes; it must have at most ${device.limits.maxStorageBufferBindingSize} on this device`,
    );
  }
  if ((handle.usage & NEEDED) !== NEEDED) {
    throw new RangeError(`${place} has the usage ${handle.usage}; it must have STORAGE (128) and COPY_SRC (4)`);
  }
  const release = (): void =>
    scheduler.enqueueNow('releasing a buffer', () => {
      scheduler.recorder.submit();
      onRelease();
    });
  const state = { usedBy: -1, writtenBy: -1, invalid: false, spoiled: undefined };
  const buffer = { id: pool.nextId++, handle, bytes: handle.size, ...state, onRelease: release };
  pool.held.tensors.add(buffer);
  return new DeviceStorage(size, buffer);
}

/**
 * The buffer of a storage, when all work enqueued so far is submitted: whatever is submitted to the queue of the device
 * from then on sees its content.
 */
export async function shareBuffer({ scheduler }: WebGPUBackend, storage: Storage): Promise<GPUBuffer> {
  const { buffer } = storage as DeviceStorage;
  await scheduler.settle('sharing a buffer', async () => scheduler.flush());
  if (buffer.spoiled) throw buffer.spoiled;
  return buffer.handle;
}
