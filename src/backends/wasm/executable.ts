/** A compiled Program in the memory of WebAssembly: its instructions, the table of its buffers, and its constants. */
import type { Constant, Program } from '../backend.ts';
import { collectObjects, estimateFootprint } from '../footprint.ts';
import { DeviceLostError } from '../lost.ts';
import type { Job } from '../queue.ts';
import { writeConstant } from '../write-constant.ts';
import { type Compiled, compile } from './compile.ts';
import { type Block, bytesFor, type Heap } from './heap.ts';
import { Progress } from './instructions.ts';
import { clock, type Kernels } from './module.ts';

const WORD_BYTES = 4;

/** When the kernels return before the Program has ended; see WasmOptions.slice and RunOptions.isCutShort. */
interface Interruptions {
  readonly slice: number;
  readonly isCutShort: () => boolean;
}

export class Executable {
  private readonly compiled: Compiled;
  /** Holds everything that the Program keeps between runs. */
  readonly block: Block;
  /** Bytes of the block, plus an estimate of what the host keeps. */
  readonly bytes: number;
  /** Where the table of addresses lies, in words. */
  private readonly table: number;
  /** The content of the table, which is updated for each run. */
  private readonly addresses: Uint32Array;
  /** Places in the table, in the order of the Program's inputs and outputs. */
  private readonly inputPlaces: number[] = [];
  private readonly outputPlaces: number[] = [];
  /** The workspace to which the addresses of the temporaries refer. */
  private workspace = -1;
  /** Whether the last run was abandoned: its instructions then still hold how far they came. */
  private isUnfinished = false;

  constructor(program: Program, heap: Heap) {
    this.compiled = compile(program);
    const { words, buffers } = this.compiled;
    const tableStart = bytesFor(words.length);
    let bytes = tableStart + bytesFor(buffers.length + 1);
    const constants: { constant: Constant; size: number; offset: number; place: number }[] = [];
    for (const [index, { role, size }] of buffers.entries()) {
      if (role.kind === 'input') this.inputPlaces[role.index] = index + 1;
      else if (role.kind === 'output') this.outputPlaces[role.index] = index + 1;
      if (role.kind !== 'constant') continue;
      constants.push({ constant: role.constant, size, offset: bytes, place: index + 1 });
      bytes += bytesFor(size);
    }
    this.block = heap.take(bytes);
    this.table = (this.block.address + tableStart) / WORD_BYTES;
    this.addresses = new Uint32Array(buffers.length + 1);
    heap.words.set(words, this.block.address / WORD_BYTES);
    for (const { constant, size, offset, place } of constants) {
      const address = this.block.address + offset;
      writeConstant(heap.floats.subarray(address / WORD_BYTES, address / WORD_BYTES + size), constant);
      this.addresses[place] = address;
    }
    this.bytes = this.block.bytes + estimateFootprint([this.addresses, this.compiled], collectObjects(program));
  }

  /** The numbers of the late modules that it needs. */
  get lateModules(): readonly number[] {
    return this.compiled.lateModules;
  }

  /** Bytes that the temporaries take. */
  get workspaceBytes(): number {
    return this.compiled.workspace;
  }

  /**
   * Runs the Program, and yields where the run may be interrupted. No other Program may run meanwhile.
   * @param workspace address of at least `workspaceBytes` bytes
   * @throws DeviceLostError where a thread of the team is lost
   */
  *run(
    kernels: Kernels,
    heap: Heap,
    inputs: readonly Block[],
    outputs: readonly Block[],
    workspace: number,
    { slice, isCutShort }: Interruptions,
  ): Job {
    const { inputPlaces, outputPlaces, addresses } = this;
    for (let index = 0; index < inputPlaces.length; index++) addresses[inputPlaces[index]] = inputs[index].address;
    for (let index = 0; index < outputPlaces.length; index++) addresses[outputPlaces[index]] = outputs[index].address;
    if (workspace !== this.workspace) this.placeTemporaries(workspace);
    heap.words.set(this.addresses, this.table);
    const { words, start } = this.compiled;
    if (this.isUnfinished) heap.words.set(words, this.block.address / WORD_BYTES);
    this.isUnfinished = true;
    kernels.begin(this.block.address, start, words.length, this.table * WORD_BYTES);
    for (;;) {
      const progress = kernels.proceed(clock() + slice, isCutShort());
      if (progress === Progress.finished) {
        this.isUnfinished = false;
        return;
      }
      if (progress === Progress.lost) {
        throw new DeviceLostError(
          'wasm: one of its threads has trapped, or has not answered for a second; its tensors are lost: open() a new engine',
        );
      }
      yield;
    }
  }

  private placeTemporaries(workspace: number): void {
    for (const [index, { role, offset }] of this.compiled.buffers.entries()) {
      if (role.kind === 'temporary') this.addresses[index + 1] = workspace + offset;
    }
    this.workspace = workspace;
  }
}
