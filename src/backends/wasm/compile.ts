/** Compiles a Program into one list of instructions and the buffers that they work on. */
import type { Program, Loop as ProgramLoop, Statement } from '../backend.ts';
import { ABSENT } from '../kernels.ts';
import {
  type BufferRole,
  type PlannedCall,
  type PlannedCopy,
  type PlannedLoop,
  type PlannedStatement,
  planProgram,
} from '../plan.ts';
import { Chain } from './chain-instructions.ts';
import { findStretches } from './chains.ts';
import { Extra, OPERATIONS } from './extra-instructions.ts';
import { bytesFor } from './heap.ts';
import { Instruction } from './instruction.ts';
import { Code, Header, Invalidate, Loop } from './instructions.ts';
import { lowerCall, lowerCopy, type Reservations } from './lower.ts';
import type { Pack } from './lower-product.ts';
import { findPacks, type Packs, packKey } from './packs.ts';

export interface Compiled {
  /** One word for each lasting pack, which is not 0 while the pack is valid, followed by the instructions. */
  readonly words: Int32Array;
  /** The word at which the instructions begin. */
  readonly start: number;
  /** In the order of the table of addresses. The first entry of the table stands for absent operands. */
  readonly buffers: readonly CompiledBuffer[];
  /** The numbers of the late modules to which some instructions belong. */
  readonly lateModules: readonly number[];
  /** Bytes that all temporaries take together. */
  readonly workspace: number;
}

interface CompiledBuffer {
  readonly role: BufferRole;
  /** Size in numbers. */
  readonly size: number;
  /** Of a temporary: its distance in bytes from the start of the workspace. */
  readonly offset: number;
}

export function compile(program: Program): Compiled {
  return new Compiler(program).compile();
}

class Compiler {
  private readonly plan;
  private readonly packs: Packs;
  private readonly buffers: CompiledBuffer[] = [];
  private readonly packOf = new Map<string, Pack>();
  /** Where operands are packed that one product alone uses. */
  private transientPack: Pack = { buffer: 0, word: 0 };
  private workspace = 0;
  private readonly lateModules = new Set<number>();

  constructor(private readonly program: Program) {
    this.plan = planProgram(program);
    this.packs = findPacks(program);
  }

  compile(): Compiled {
    for (const { size, role } of this.plan.buffers) this.addBuffer(size, role);
    // Word 0 belongs to the transient pack, which is never valid.
    for (const [key, { size }] of this.packs.lasting) {
      this.packOf.set(key, { buffer: this.addBuffer(size), word: 1 + this.packOf.size });
    }
    if (this.packs.transientSize > 0)
      this.transientPack = { buffer: this.addBuffer(this.packs.transientSize), word: 0 };
    const start = 1 + this.packOf.size;
    const { inputs, constants, statements } = this.program;
    const all = [
      ...[...inputs, ...constants.keys()].flatMap((slot) => this.invalidatePacksOf(slot)),
      ...this.lowerStatements(statements, this.plan.statements),
    ];
    const { buffers, workspace } = this;
    return { words: joinInstructions(all, start), start, buffers, workspace, lateModules: [...this.lateModules] };
  }

  /** @returns the place of the buffer in the table */
  private addBuffer(size: number, role: BufferRole = { kind: 'temporary' }): number {
    this.buffers.push({ size, role, offset: this.workspace });
    if (role.kind === 'temporary') this.workspace += bytesFor(size);
    return this.buffers.length;
  }

  private readonly placeOf = (buffer: number): number => (buffer === ABSENT ? 0 : buffer + 1);

  /** A plan has the statements of the Program in their order, followed by copies of outputs. */
  private lowerStatements(statements: readonly Statement[], planned: readonly PlannedStatement[]): Instruction[] {
    const mayJoin = ({ call }: PlannedCall): boolean => this.invalidatePacksOf(call.output).length === 0;
    return findStretches(planned, mayJoin).flatMap(({ first, count, chain }) => {
      const members = planned
        .slice(first, first + count)
        .flatMap((each, index) => this.lowerStatement(statements[first + index], each));
      if (!chain) return members;
      const heading = new Instruction(Code.chain, Chain.end, Chain.end + lengthOf(members));
      return [heading.set(Chain.rows, chain.rows, chain.columns), ...members];
    });
  }

  private lowerStatement(statement: Statement | undefined, planned: PlannedStatement): Instruction[] {
    if (planned.kind === 'copy') return [this.lowerCopy(planned)];
    if (planned.kind === 'loop') return this.lowerLoop(statement as ProgramLoop, planned);
    const lowered = lowerCall(planned, this.placeOf, this.reservations);
    for (const { words } of lowered) {
      if (words[Header.code] === Code.extra) this.lateModules.add(Math.floor(words[Extra.operation] / OPERATIONS));
    }
    return [...lowered, ...this.invalidatePacksOf(planned.call.output)];
  }

  private readonly reservations: Reservations = {
    packOf: (call) => this.packOf.get(packKey(call)) ?? this.transientPack,
    reserve: (size) => this.addBuffer(size),
  };

  private lowerCopy({ to, from, size }: PlannedCopy): Instruction {
    return lowerCopy(this.placeOf(to), this.placeOf(from), size);
  }

  private lowerLoop({ carried, body }: ProgramLoop, planned: PlannedLoop): Instruction[] {
    const invalidations = carried.flatMap(({ entering }) => this.invalidatePacksOf(entering));
    const enter = planned.enter.map((copy) => this.lowerCopy(copy));
    const pass = [
      ...invalidations,
      ...this.lowerStatements(body, planned.body),
      ...planned.leave.map((copy) => this.lowerCopy(copy)),
    ];
    const bodyStart = Loop.end + lengthOf(enter);
    const length = bodyStart + lengthOf(pass);
    const loop = new Instruction(Code.loop, Loop.end, length)
      .set(Loop.initialFlag, this.placeOf(planned.initialFlag), this.placeOf(planned.flag))
      .set(Loop.limit, planned.limit, bodyStart);
    return [loop, ...enter, ...pass, ...invalidations];
  }

  /** Instructions that mark the packs of a slot as invalid, after the slot was assigned. */
  private invalidatePacksOf(slot: number): Instruction[] {
    return [...this.packs.lasting]
      .filter(([, pack]) => pack.slot === slot)
      .map(([key]) =>
        new Instruction(Code.invalidate, Invalidate.end).set(Invalidate.pack, this.packOf.get(key)?.word ?? 0),
      );
  }
}

function lengthOf(instructions: readonly Instruction[]): number {
  return instructions.reduce((sum, { words }) => sum + words.length, 0);
}

/** The words of the instructions, one after the other, preceded by `start` zeros. */
function joinInstructions(instructions: readonly Instruction[], start: number): Int32Array {
  const words = new Int32Array(start + lengthOf(instructions));
  let at = start;
  for (const instruction of instructions) {
    words.set(instruction.words, at);
    at += instruction.words.length;
  }
  return words;
}
