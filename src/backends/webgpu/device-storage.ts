import type { Storage } from '../backend.ts';
import type { DeviceBuffer } from './pool.ts';

/** The memory of a tensor on a GPU. */
export class DeviceStorage implements Storage {
  isReleased = false;
  constructor(
    readonly size: number,
    readonly buffer: DeviceBuffer,
  ) {}
}
