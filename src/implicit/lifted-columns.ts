/** The derivatives of a lifted function with respect to its unknowns, computed and read back column by column. */
import { createLinearisation } from '../autodiff/jacobian-products.ts';
import type { LiftedOperation } from '../autodiff/kinked-operations.ts';
import { broadcastTo } from '../autodiff/pushforwards.ts';
import { yieldIfTurnIsOver } from '../backends/event-loop.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Coordinate, LiftedFunction } from './lifted-function.ts';

type Numbers = ArrayLike<number>;

/**
 * The derivatives of everything with respect to some unknowns: of the image, the residuals, and each operation's
 * argument and rest.
 */
interface Column {
  readonly image: Numbers;
  readonly residuals: readonly Numbers[];
  readonly arguments: readonly Numbers[];
  readonly rests: readonly (Numbers | undefined)[];
}

/** Picks one number of a column. */
export type Read = (column: Column) => number;

/** The derivatives as a matrix. */
export interface Columns {
  /** The derivative of a number with respect to a coordinate. @param sample the sample to which the number belongs */
  entry(read: Read, sample: number, coordinate: Coordinate): number;
  /** The derivative of a number with respect to the input; 0 where none is followed. */
  ofInput(read: Read): number;
}

/** Unknowns that share one pushforward, because no number depends on two of them. */
interface Move {
  readonly unknown: Tensor;
  readonly at: readonly number[];
}

/**
 * Groups the coordinates into pushforwards. Where rows do not depend on one another, the first coordinates of all
 * samples share one, the second ones another, and so on. A coordinate that belongs to no single sample has a
 * pushforward of its own.
 */
export function groupMoves(
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

/** Computes and reads all columns. @throws the signal's reason where it is aborted */
export async function readColumns(
  lifted: LiftedFunction,
  { moves, moveOf }: ReturnType<typeof groupMoves>,
  signal: AbortSignal | undefined,
): Promise<Columns> {
  const { tape, unknown, operations, solutions, input, image, isJoint } = lifted;
  const unknowns = [unknown, ...[...solutions, ...operations].map(({ output }) => output), ...(input ? [input] : [])];
  const outputs = [image, ...solutions.map(({ residual }) => residual), ...operations.flatMap(partsOf)];
  const shapes = operations.flatMap((operation) => partsOf(operation).map(() => operation.output.shape));
  const first = 1 + solutions.length;
  const linear = createLinearisation(tape);
  const reading: Promise<Column>[] = [];
  for (const move of [...moves, ...(input ? [{ unknown: input, at: [0] }] : [])]) {
    const tangents = unknowns.map((one) => {
      const values = new Float64Array(one.size);
      if (one === move.unknown) for (const at of move.at) values[at] = 1;
      return one.context.upload(values, one.shape, one);
    });
    const moved = linear.pushforward(unknowns, tangents, outputs);
    // The operands of a maximum may be broadcast.
    const wide = moved.map((one, at) => (at < first ? one : broadcastTo(one, shapes[at - first])));
    const column = readColumn(wide, lifted);
    column.catch(() => {}); // reported where all of them are awaited
    reading.push(column);
    await yieldIfTurnIsOver();
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

/** The tensors of which the argument and the rest of an operation consist. */
function partsOf({ argument: { plus, minus }, rest }: LiftedOperation): Tensor[] {
  return [plus, minus, rest].filter((part) => part !== undefined);
}

async function readColumn(
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
