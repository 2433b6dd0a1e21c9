/** From a Program to one list of instructions, and to the buffers that they work on. */
import type { Program, Loop as ProgramLoop, Statement } from '../backend.ts';
import { ABSENT } from '../kernels.ts';
import { type BufferRole, type PlannedCopy, type PlannedLoop, type PlannedStatement, planProgram } from '../plan.ts';
import { bytesFor } from './heap.ts';
import { Instruction } from './instruction.ts';
import { Code, Header, Loop, Renew } from './instructions.ts';
import { type Aside, lowerCall, lowerCopy } from './lower.ts';
import type { Pack } from './lower-product.ts';
import { type Packs, packKey, packsOf } from './packs.ts';

export interface Compiled {
  /** The instructions; before them the words that tell which packs are there. */
  readonly words: Int32Array;
  /** Where the instructions begin. */
  readonly start: number;
  /** In the order of the table of addresses, whose first place is that of absent operands. */
  readonly buffers: readonly CompiledBuffer[];
  /** Whether some instructions are of the second module. */
  readonly needsSecond: boolean;
  /** Bytes of all temporaries. */
  readonly workspace: number;
}

export interface CompiledBuffer {
  readonly role: BufferRole;
  /** Numbers. */
  readonly size: number;
  /** Bytes from the start of the workspace, where it is a temporary. */
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
  /** Of a pack that lives for one product. */
  private passing: Pack = { buffer: 0, word: 0 };
  private workspace = 0;
  private needsSecond = false;

  constructor(private readonly program: Program) {
    this.plan = planProgram(program);
    this.packs = packsOf(program);
  }

  compile(): Compiled {
    for (const { size, role } of this.plan.buffers) this.addBuffer(size, role);
    // The first word is that of packs that are never there.
    for (const [key, { size }] of this.packs.lasting) {
      this.packOf.set(key, { buffer: this.addBuffer(size), word: 1 + this.packOf.size });
    }
    if (this.packs.passing > 0) this.passing = { buffer: this.addBuffer(this.packs.passing), word: 0 };
    const start = 1 + this.packOf.size;
    const { inputs, constants, statements: steps } = this.program;
    const all = [
      ...[...inputs, ...constants.keys()].flatMap((slot) => this.renewed(slot)),
      ...this.lowerSteps(steps, this.plan.steps),
    ];
    const { buffers, workspace, needsSecond } = this;
    return { words: joined(all, start), start, buffers, workspace, needsSecond };
  }

  /** Returns its place in the table. */
  private addBuffer(size: number, role: BufferRole = { kind: 'temporary' }): number {
    this.buffers.push({ size, role, offset: this.workspace });
    if (role.kind === 'temporary') this.workspace += bytesFor(size);
    return this.buffers.length;
  }

  private readonly place = (buffer: number): number => (buffer === ABSENT ? 0 : buffer + 1);

  /** A plan has the steps of the Program, in their order, and copies of outputs behind them. */
  private lowerSteps(steps: readonly Statement[], planned: readonly PlannedStatement[]): Instruction[] {
    return planned.flatMap((plannedStep, index) => this.lowerStep(steps[index], plannedStep));
  }

  private lowerStep(step: Statement | undefined, planned: PlannedStatement): Instruction[] {
    if (planned.kind === 'copy') return [this.lowerCopy(planned)];
    if (planned.kind === 'loop') return this.lowerLoop(step as ProgramLoop, planned);
    const lowered = lowerCall(planned, this.place, this.aside);
    this.needsSecond ||= lowered.some(({ words }) => words[Header.code] === Code.extra);
    return [...lowered, ...this.renewed(planned.call.output)];
  }

  private readonly aside: Aside = {
    packOf: (call) => this.packOf.get(packKey(call)) ?? this.passing,
    space: (size) => this.addBuffer(size),
  };

  private lowerCopy({ to, from, size }: PlannedCopy): Instruction {
    return lowerCopy(this.place(to), this.place(from), size);
  }

  private lowerLoop({ carried, body }: ProgramLoop, planned: PlannedLoop): Instruction[] {
    const renewed = carried.flatMap(({ entering }) => this.renewed(entering));
    const enter = planned.enter.map((copy) => this.lowerCopy(copy));
    const pass = [
      ...renewed,
      ...this.lowerSteps(body, planned.body),
      ...planned.leave.map((copy) => this.lowerCopy(copy)),
    ];
    const bodyStart = Loop.end + lengthOf(enter);
    const length = bodyStart + lengthOf(pass);
    const loop = new Instruction(Code.loop, Loop.end, length)
      .set(Loop.initialFlag, this.place(planned.initialFlag), this.place(planned.flag))
      .set(Loop.limit, planned.limit, bodyStart);
    return [loop, ...enter, ...pass, ...renewed];
  }

  /** What has to be packed anew once the slot is assigned. */
  private renewed(slot: number): Instruction[] {
    return [...this.packs.lasting]
      .filter(([, pack]) => pack.slot === slot)
      .map(([key]) => new Instruction(Code.renew, Renew.end).set(Renew.pack, this.packOf.get(key)?.word ?? 0));
  }
}

function lengthOf(instructions: readonly Instruction[]): number {
  return instructions.reduce((sum, { words }) => sum + words.length, 0);
}

/** One after the other, behind `start` zeros. */
function joined(instructions: readonly Instruction[], start: number): Int32Array {
  const words = new Int32Array(start + lengthOf(instructions));
  let at = start;
  for (const instruction of instructions) {
    words.set(instruction.words, at);
    at += instruction.words.length;
  }
  return words;
}
