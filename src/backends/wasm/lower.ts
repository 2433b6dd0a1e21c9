/** Lowers kernel calls to instructions; see instructions.ts for their fields. */
import { joinAxes } from '../join-axes.ts';
import type {
  CombineCall,
  ConeCall,
  CoordinateDescentCall,
  ElementwiseCall,
  HomotopyCall,
  InvertCall,
  IterateCall,
  KernelCall,
  MoveCall,
  ProductCall,
  ReduceCall,
  RowsCall,
  ScalarCall,
  SolveCall,
} from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import { Instruction } from './instruction.ts';
import {
  BLOCK,
  Code,
  Combine,
  Copy,
  DESCENT_RECORD,
  Descend,
  Elementwise,
  HOMOTOPY_RECORD,
  Homotopy,
  Invert,
  Iterate,
  Iteration,
  Move,
  MoveOperation,
  Operation,
  Reduce,
  Reduction,
  Rows,
  RowsOperation,
  Scalar,
  ScalarOperation,
  Solve,
} from './instructions.ts';
import { type ConeProgramCall, isConeProgramCall, lowerConeProgram } from './lower-cone-program.ts';
import { isConeCall, lowerCones } from './lower-cones.ts';
import { type ExtraCall, isExtra, lowerExtra } from './lower-extra.ts';
import { activationOf, lowerProduct, type Pack, proximalOf } from './lower-product.ts';
import { isProgramCall, lowerProgram, type ProgramCall } from './lower-program.ts';
import { isSpectrumCall, lowerSpectrum, type SpectrumCall } from './lower-spectrum.ts';

/** Returns the place of a buffer in the table: 0 where the buffer is ABSENT. */
type Place = (buffer: number) => number;

/** The length of a row of `columns` numbers in whole panels. */
const wholePanels = (columns: number): number => Math.ceil(columns / 8) * 8;

export function lowerCopy(to: number, from: number, size: number): Instruction {
  return new Instruction(Code.copy, Copy.end).set(Copy.to, to, from, size);
}

/** Buffers that some calls need besides their operands. */
export interface Reservations {
  /** The pack for the right operand of a product. */
  packOf(call: ProductCall): Pack;
  /** Adds a buffer of `size` numbers. @returns its place in the table */
  reserve(size: number): number;
}

export function lowerCall({ call, operands, output }: PlannedCall, place: Place, aside: Reservations): Instruction[] {
  const places = operands.map(place);
  if (call.kernel === 'invert') return lowerInvert(call, places, place(output), aside);
  if (isExtra(call)) return lowerExtra(call, places, place(output));
  if (isProgramCall(call)) return lowerProgram(call, places, place(output), aside);
  if (isConeProgramCall(call)) return lowerConeProgram(call, places, place(output), aside);
  if (isSpectrumCall(call)) return [lowerSpectrum(call, places, place(output))];
  if (isConeCall(call)) return lowerCones(call, places, place(output));
  return [lowerToInstruction(call, places, place(output), aside)];
}

function lowerToInstruction(
  call: Exclude<KernelCall, InvertCall | ExtraCall | ProgramCall | ConeProgramCall | ConeCall | SpectrumCall>,
  operands: readonly number[],
  out: number,
  aside: Reservations,
): Instruction {
  switch (call.kernel) {
    case 'product':
      return lowerProduct(call, operands, out, aside.packOf(call));
    case 'elementwise':
      return lowerElementwise(call, operands, out);
    case 'combine':
      return lowerCombine(call, operands, out);
    case 'move':
      return lowerMove(call, operands, out);
    case 'reduce':
      return lowerReduce(call, operands, out);
    case 'rows':
      return lowerRows(call, operands, out);
    case 'scalar':
      return lowerScalar(call, operands, out);
    case 'solve':
      return lowerSolve(call, operands, out);
    case 'coordinateDescent':
      return lowerDescent(call, operands, out, aside);
    case 'homotopy':
      return lowerHomotopy(call, operands, out, aside);
    case 'iterate':
      if (call.accelerated) throw new Error('iterate: accelerated is true; this backend accelerates kernel by kernel');
      return lowerIterate(call, operands, out, aside);
    case 'proximalGradient':
    case 'splitting':
      throw new Error(`${call.kernel}: this backend iterates kernel by kernel`);
    case 'pass':
      throw new Error('pass: this backend runs whole loops by the kernel iterate; its largestPass is 0');
  }
}

function lowerElementwise(call: ElementwiseCall, operands: readonly number[], out: number): Instruction {
  const { shape, layouts } = joinAxes(call.shape, call.layouts);
  const [p0 = 0, p1 = 1, p2 = 0] = call.parameters;
  const instruction = new Instruction(Code.elementwise, Elementwise.end)
    .set(Elementwise.out, out, ...operands)
    .set(Elementwise.operation, Operation[call.operation])
    .set(Elementwise.shape, ...shape)
    .setReals(Elementwise.p0, p0, p1, p2);
  const places = [Elementwise.firstLayout, Elementwise.secondLayout, Elementwise.thirdLayout];
  for (const [index, { offset, strides }] of layouts.entries()) instruction.set(places[index], offset, ...strides);
  return instruction;
}

function lowerCombine(call: CombineCall, operands: readonly number[], out: number): Instruction {
  return new Instruction(Code.combine, Combine.end)
    .set(Combine.out, out, ...operands)
    .setReals(Combine.factor, ...call.factors)
    .set(Combine.rows, call.rows, call.columns);
}

function lowerMove(call: MoveCall, operands: readonly number[], out: number): Instruction {
  const { operation, outer, inner, extent, others, length, offset } = call;
  return new Instruction(Code.move, Move.end)
    .set(Move.out, out, ...operands, MoveOperation[operation])
    .set(Move.outer, outer, inner, extent, others, length, offset);
}

function lowerReduce(call: ReduceCall, [x, y = 0]: readonly number[], out: number): Instruction {
  const { operation, outer, middle, inner, activation, parameters } = call;
  return new Instruction(Code.reduce, Reduce.end)
    .set(Reduce.out, out, x, y, Reduction[operation], outer, middle, inner, activationOf(activation))
    .setReals(Reduce.p0, ...parameters);
}

function lowerRows(call: RowsCall, operands: readonly number[], out: number): Instruction {
  const [p0 = 0] = call.parameters;
  return new Instruction(Code.rows, Rows.end)
    .set(Rows.out, out, ...operands, RowsOperation[call.operation], call.rows, call.columns)
    .setReals(Rows.p0, p0);
}

function lowerScalar(call: ScalarCall, operands: readonly number[], out: number): Instruction {
  const shared = call.shared.reduce((bits, isShared, index) => bits | (Number(isShared) << index), 0);
  return new Instruction(Code.scalar, Scalar.end)
    .set(Scalar.out, out, ...operands)
    .set(Scalar.operation, ScalarOperation[call.operation], call.batch, shared)
    .setReals(Scalar.p0, ...call.parameters);
}

function lowerSolve(call: SolveCall, operands: readonly number[], out: number): Instruction {
  return new Instruction(Code.solve, Solve.end).set(Solve.out, out, ...operands, call.batch, call.order);
}

/** Copies the matrix into the result, and inverts it there. */
function lowerInvert(
  { order }: InvertCall,
  [matrix]: readonly number[],
  out: number,
  { reserve: space }: Reservations,
): Instruction[] {
  const aside = space(BLOCK ** 2 + wholePanels(order) * BLOCK);
  const instructions = [lowerCopy(out, matrix, order ** 2)];
  for (let start = 0; start < order; start += BLOCK) {
    for (const code of [Code.pivot, Code.panel, Code.eliminate]) {
      instructions.push(new Instruction(code, Invert.end).set(Invert.matrix, out, aside, order, start));
    }
  }
  return instructions;
}

function lowerIterate(
  call: IterateCall,
  operands: readonly number[],
  out: number,
  { reserve: space }: Reservations,
): Instruction {
  const { batch, n, stride, activation, activationParameters, epsilon, shared, limit, staleLimit, giveUp } = call;
  const packed = space(wholePanels(stride) * n);
  return new Instruction(Code.iterate, Iterate.end)
    .set(Iterate.out, out, ...operands, packed, space(5 * (4 * Math.ceil(batch / 4) * wholePanels(n) + 80)))
    .set(
      Iterate.iteration,
      Iteration[call.iteration],
      batch,
      n,
      stride,
      activationOf(activation),
      proximalOf(activation),
    )
    .setReals(Iterate.p0, ...activationParameters, epsilon)
    .set(Iterate.shared, Number(shared.tolerance) + 2 * Number(shared.floor), limit, staleLimit, Number(giveUp));
}

function lowerDescent(
  { rows, features, groups, batch, limit }: CoordinateDescentCall,
  operands: readonly number[],
  out: number,
  { reserve: space }: Reservations,
): Instruction {
  return new Instruction(Code.descend, Descend.end)
    .set(Descend.out, out, ...operands, space(groups * (DESCENT_RECORD + 2 * features + rows + 4)))
    .set(Descend.rows, rows, features, groups, batch, limit);
}

function lowerHomotopy(
  { rows, features, groups, batch, limit, capacity }: HomotopyCall,
  operands: readonly number[],
  out: number,
  { reserve: space }: Reservations,
): Instruction {
  // In float64: seven numbers for each feature, one for each row, five for each feature in use, and a triangle over
  // these. In words of 32 bits: three for each feature, one for each feature in use, one for each row, and four at the
  // end.
  const numbers = 7 * features + rows + 5 * capacity + (capacity * (capacity + 1)) / 2;
  const whole = 2 * numbers + 3 * features + capacity + rows + 4;
  const spaceOfGroup = HOMOTOPY_RECORD + Math.ceil(whole / 4) * 4;
  return new Instruction(Code.homotopy, Homotopy.end)
    .set(Homotopy.out, out, ...operands, space(groups * spaceOfGroup), spaceOfGroup)
    .set(Homotopy.rows, rows, features, groups, batch, limit, capacity);
}
