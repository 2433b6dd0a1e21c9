/** Records commands in a command encoder, which is submitted when it holds enough work. */

import type { Failures } from './failures.ts';
import type { DeviceBuffer } from './pool.ts';

export interface SubmitLimits {
  /**
   * The largest number of estimated operations in one submit. It must stay far below the time after which a device
   * counts as lost.
   */
  readonly work: number;
  readonly dispatches: number;
}

/** All kinds of errors that an error scope can catch. */
const SCOPES = ['validation', 'internal', 'out-of-memory'] as const;

export class Recorder {
  private encoder: GPUCommandEncoder | undefined;
  private pass: GPUComputePassEncoder | undefined;
  private serial = 0;
  private work = 0;
  private dispatches = 0;
  private readonly names = new Set<string>();
  private written = new Set<DeviceBuffer>();
  private settled: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly device: GPUDevice,
    private readonly limits: SubmitLimits,
    private readonly failures: Failures,
  ) {}

  get isEmpty(): boolean {
    return this.encoder === undefined;
  }

  /** Resolves when all errors of the work submitted so far are known. */
  get checked(): Promise<unknown> {
    return this.settled;
  }

  /**
   * Calls `body` and records the GPU errors that it causes under `name`. The scopes are closed synchronously, since a
   * page may share the device.
   */
  withErrorScopes<Result>(name: string, body: () => Result, onError?: (error: Error) => void): Result {
    for (const scope of SCOPES) this.device.pushErrorScope(scope);
    try {
      return body();
    } finally {
      for (const _ of SCOPES) this.watch(name, this.device.popErrorScope(), onError);
    }
  }

  private watch(name: string, scope: Promise<GPUError | null>, onError?: (error: Error) => void): void {
    const recorded = scope.then(
      (error) => {
        if (!error) return;
        const failure = this.failures.record(name, error.message);
        onError?.(failure);
      },
      () => {}, // the device was lost, which is reported separately
    );
    const before = this.settled;
    this.settled = recorded.then(() => before);
  }

  private open(): GPUCommandEncoder {
    this.encoder ??= this.device.createCommandEncoder({ label: 'equilibra' });
    return this.encoder;
  }

  /**
   * Marks buffers as used by the current command encoder. Call this before dispatches of a Program are recorded, and
   * again after each submit.
   * @param outputs the buffers that hold the results of the Program
   */
  markUsed(name: string, buffers: Iterable<DeviceBuffer>, outputs: readonly DeviceBuffer[]): void {
    this.names.add(name);
    for (const buffer of buffers) buffer.usedBy = this.serial;
    for (const buffer of outputs) {
      buffer.writtenBy = this.serial;
      this.written.add(buffer);
    }
  }

  dispatch(pipeline: GPUComputePipeline, group: GPUBindGroup, [x, y]: readonly [number, number], work: number): void {
    this.pass ??= this.open().beginComputePass();
    this.pass.setPipeline(pipeline);
    this.pass.setBindGroup(0, group);
    this.pass.dispatchWorkgroups(x, y);
    this.work += work;
    this.dispatches += 1;
  }

  /** Whether the encoder holds enough work. The caller then calls `submit`, and `markUsed` again. */
  get isFull(): boolean {
    return this.work >= this.limits.work || this.dispatches >= this.limits.dispatches;
  }

  copy(from: DeviceBuffer, to: GPUBuffer, offset: number, bytes: number): void {
    const encoder = this.open();
    this.endPass();
    encoder.copyBufferToBuffer(from.handle, 0, to, offset, bytes);
    from.usedBy = this.serial;
  }

  /** Overwrites a buffer after the work recorded so far. */
  write(buffer: DeviceBuffer, values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): void {
    // The queue writes at once, before an encoder that is not submitted yet.
    if (buffer.usedBy === this.serial) this.submit();
    this.device.queue.writeBuffer(buffer.handle, 0, values);
  }

  private endPass(): void {
    this.pass?.end();
    this.pass = undefined;
  }

  submit(): void {
    const { encoder } = this;
    if (!encoder) return;
    const name = this.names.size > 0 ? `program ${[...this.names].join(', ')}` : 'a copy';
    const { pass, written, serial } = this;
    const spoil = (error: Error): void => {
      for (const buffer of written) if (buffer.writtenBy === serial) buffer.spoiled = error;
    };
    // Even if the submit fails, the next work gets a new encoder.
    this.encoder = undefined;
    this.pass = undefined;
    this.written = new Set();
    this.names.clear();
    this.work = 0;
    this.dispatches = 0;
    this.serial += 1;
    try {
      this.withErrorScopes(
        name,
        () => {
          pass?.end();
          this.device.queue.submit([encoder.finish()]);
        },
        spoil,
      );
    } catch (error) {
      spoil(this.failures.record(name, error));
    }
  }
}
