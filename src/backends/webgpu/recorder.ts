/** Writes commands into one command encoder and submits it when enough work has come together. */

import type { Failures } from './failures.ts';
import type { DeviceBuffer } from './pool.ts';

export interface SubmitLimits {
  /** Estimated operations in one submit: it must stay far from the time after which a device counts as lost. */
  readonly work: number;
  readonly dispatches: number;
}

/** Anything that an error scope can catch. */
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

  /** Resolves when the errors of everything submitted so far are known. */
  get checked(): Promise<unknown> {
    return this.settled;
  }

  /**
   * Calls `body` and records the GPU errors that it causes under `name`. Scopes are opened and closed in one go, since
   * a page may share the device.
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
      () => {}, // the device was lost, which is reported by itself
    );
    const before = this.settled;
    this.settled = recorded.then(() => before);
  }

  private open(): GPUCommandEncoder {
    this.encoder ??= this.device.createCommandEncoder({ label: 'equilibra' });
    return this.encoder;
  }

  /**
   * To be called for each Program before its dispatches are recorded.
   * @param outputs those of the buffers that hold its results
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

  /** Whether the submit is full. The caller then calls `submit` and `use` again. */
  get isFull(): boolean {
    return this.work >= this.limits.work || this.dispatches >= this.limits.dispatches;
  }

  copy(from: DeviceBuffer, to: GPUBuffer, offset: number, bytes: number): void {
    const encoder = this.open();
    this.endPass();
    encoder.copyBufferToBuffer(from.handle, 0, to, offset, bytes);
    from.usedBy = this.serial;
  }

  /** Overwrites a buffer after what is recorded so far. */
  write(buffer: DeviceBuffer, values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): void {
    // The queue writes at once, ahead of an encoder that is not yet submitted.
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
    // Whatever becomes of it, the next work gets an encoder of its own.
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
