/** The derivatives of a lifted function with respect to its unknowns, read column by column. */
import { linearised } from '../autodiff/jacobian-products.ts';
import type { LiftedOperation } from '../autodiff/kinked-operations.ts';
import { repeated } from '../autodiff/pushforwards.ts';
import { breathe } from '../backends/event-loop.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Coordinate, LiftedFunction } from './lifted-function.ts';

type Numbers = ArrayLike<number>;

/** What moves when some unknowns move by 1: the image, the equations of the solutions, and the argument and the rest of each operation. */
interface Column {
  readonly image: Numbers;
  readonly residuals: readonly Numbers[];
  readonly arguments: readonly Numbers[];
  readonly rests: readonly (Numbers | undefined)[];
}

/** Of what moves: the number `at` of one of its parts. */
export type Read = (column: Column) => number;

export interface Columns {
  /** By how much something that belongs to a sample moves with a coordinate. */
  entry(read: Read, sample: number, coordinate: Coordinate): number;
  /** With the input; 0 where none is followed. */
  ofInput(read: Read): number;
}

/** Unknowns that move together: no number depends on two of them. */
interface Move {
  readonly unknown: Tensor;
  readonly at: readonly number[];
}

/**
 * How the coordinates move. Where the rows do not see one another, the first of every sample together, then the second, and so on;
 * what belongs to no sample moves alone.
 */
export function movesOf(
  { unknown, operations, solutions, isJoint }: LiftedFunction,
  coordinates: readonly Coordinate[],
): { readonly moves: readonly Move[]; readonly moveOf: ReadonlyMap<Coordinate, number> } {
  const tensorOf = ({ kind, of }: Coordinate): Tensor =>
    kind === 'unknown' ? unknown : (kind === 'solution' ? solutions : operations)[of].output;
  const moves: { unknown: Tensor; at: number[] }[] = [];
  const places = new Map<string, number>();
  const counts = new Map<string, number>();
  const moveOf = new Map<Coordinate, number>();
  for (const coordinate of coordinates) {
    const { kind, of, at, sample } = coordinate;
    const own = `${kind} ${of} ${sample}`;
    const count = counts.get(own) ?? 0;
    counts.set(own, count + 1);
    const isAlone = isJoint || sample === -1;
    const key = isAlone ? `${own} ${at}` : `${kind} ${of}, together ${count}`;
    const place = places.get(key) ?? moves.push({ unknown: tensorOf(coordinate), at: [] }) - 1;
    places.set(key, place);
    moves[place].at.push(at);
    moveOf.set(coordinate, place);
  }
  return { moves, moveOf };
}

/** Reads them all; ends early where the signal is aborted. */
export async function readColumns(
  lifted: LiftedFunction,
  { moves, moveOf }: ReturnType<typeof movesOf>,
  signal: AbortSignal | undefined,
): Promise<Columns> {
  const { tape, unknown, operations, solutions, input, image, isJoint } = lifted;
  const unknowns = [unknown, ...[...solutions, ...operations].map(({ output }) => output), ...(input ? [input] : [])];
  const outputs = [image, ...solutions.map(({ residual }) => residual), ...operations.flatMap(partsOf)];
  const shapes = operations.flatMap((operation) => partsOf(operation).map(() => operation.output.shape));
  const first = 1 + solutions.length;
  const linear = linearised(tape);
  const reading: Promise<Column>[] = [];
  for (const move of [...moves, ...(input ? [{ unknown: input, at: [0] }] : [])]) {
    const tangents = unknowns.map((one) => {
      const values = new Float64Array(one.size);
      if (one === move.unknown) for (const at of move.at) values[at] = 1;
      return one.context.upload(values, one.shape, one);
    });
    const moved = linear.pushforward(unknowns, tangents, outputs);
    // The operands of a maximum may be broadcast.
    const wide = moved.map((one, at) => (at < first ? one : repeated(one, shapes[at - first])));
    const column = columnOf(wide, lifted);
    column.catch(() => {}); // told where all of them are awaited
    reading.push(column);
    await breathe();
    signal?.throwIfAborted();
  }
  const columns = await Promise.all(reading);
  return {
    entry(read, sample, coordinate) {
      const isSeen = isJoint || coordinate.sample === -1 || coordinate.sample === sample;
      return isSeen ? read(columns[moveOf.get(coordinate) as number]) : 0;
    },
    ofInput: (read) => (input ? read(columns[moves.length]) : 0),
  };
}

/** Of an operation, what its argument and the rest are made of. */
function partsOf({ argument: { plus, minus }, rest }: LiftedOperation): Tensor[] {
  return [plus, minus, rest].filter((part) => part !== undefined);
}

async function columnOf(
  moved: readonly Tensor[],
  { operations, solutions }: Pick<LiftedFunction, 'operations' | 'solutions'>,
): Promise<Column> {
  const [image, ...others] = await Promise.all(moved.map((tensor) => tensor.data()));
  const residuals = others.splice(0, solutions.length);
  const parts: { argument: Numbers; rest: Numbers | undefined }[] = [];
  for (const { argument, rest } of operations) {
    const plus = others.shift() as Numbers;
    const minus = argument.minus ? others.shift() : undefined;
    parts.push({
      argument: minus ? Array.from(plus, (value, at) => value - minus[at]) : plus,
      rest: rest ? others.shift() : undefined,
    });
  }
  return { image, residuals, arguments: parts.map(({ argument }) => argument), rests: parts.map(({ rest }) => rest) };
}
