/**
 * Finds chains: calls in a row that work on the same large arrays, row by row. All of them are performed on one row
 * before the next, so that what one of them writes is still in the cache when the next one reads it.
 */
import { ABSENT, type ElementwiseCall, type KernelCall } from '../kernels.ts';
import { isContiguous } from '../liveness.ts';
import type { PlannedCall, PlannedStatement } from '../plan.ts';

/** Arrays of fewer numbers than this are in the cache anyway. */
const LEAST_NUMBERS = 1 << 16;
/** Rows of fewer numbers than this do not repay that each of them is begun anew. */
const LEAST_COLUMNS = 1 << 10;
/** The length of a row where no call of a chain has rows of its own. */
const COLUMNS = 1 << 13;

/** The rows of the arrays of a chain. */
export interface ChainShape {
  readonly rows: number;
  readonly columns: number;
}

/** What a call does to the buffers of a chain. */
interface Access {
  /** How many numbers its arrays have. */
  readonly size: number;
  /** Undefined where any rows serve it. */
  readonly columns?: number;
  /** The buffers of which it reads, for a row of the arrays, only that row. */
  readonly reads: readonly number[];
  /** The buffers of which it may read anything. */
  readonly readsAll: readonly number[];
  /** The buffer of which it writes, for a row of the arrays, that row or one number. */
  readonly output: number;
}

/** Statements of a plan that are performed one after the other, or as one chain. */
export interface Stretch {
  readonly first: number;
  readonly count: number;
  readonly chain?: ChainShape;
}

/** @param mayJoin whether a call may be in a chain */
export function findStretches(
  statements: readonly PlannedStatement[],
  mayJoin: (call: PlannedCall) => boolean,
): Stretch[] {
  const stretches: Stretch[] = [];
  for (let first = 0; first < statements.length; ) {
    const found: Access[] = [];
    for (let index = first; index < statements.length; index++) {
      const statement = statements[index];
      const access = statement.kind === 'call' && mayJoin(statement) ? accessOf(statement) : undefined;
      if (!access || !found.every((earlier) => mayFollow(earlier, access))) break;
      found.push(access);
    }
    const count = Math.max(1, found.length);
    const columns = found.find((each) => each.columns !== undefined)?.columns ?? COLUMNS;
    const chain = count > 1 ? { rows: Math.ceil(found[0].size / columns), columns } : undefined;
    stretches.push({ first, count, chain });
    first += count;
  }
  return stretches;
}

/** Whether a call gives the same result where it is performed on each row right after an earlier one. */
function mayFollow(earlier: Access, later: Access): boolean {
  if (earlier.size !== later.size) return false;
  if (earlier.columns !== undefined && later.columns !== undefined && earlier.columns !== later.columns) return false;
  return !later.readsAll.includes(earlier.output) && !earlier.readsAll.includes(later.output);
}

function accessOf(planned: PlannedCall): Access | undefined {
  const access = accessOfCall(planned.call, planned);
  if (!access || access.size < LEAST_NUMBERS || (access.columns ?? COLUMNS) < LEAST_COLUMNS) return undefined;
  return access;
}

function accessOfCall(call: KernelCall, { operands, output }: PlannedCall): Access | undefined {
  switch (call.kernel) {
    case 'elementwise':
      return accessOfElementwise(call, operands, output);
    case 'combine': {
      const { rows, columns } = call;
      const [reads, readsAll] = [operands.slice(0, 3), operands.slice(3)].map(present);
      return { size: rows * columns, columns, reads, readsAll, output };
    }
    case 'reduce': {
      const { outer, middle, inner } = call;
      if (inner !== 1) return undefined;
      const reads = present(operands);
      return { size: outer * middle, columns: middle, reads, readsAll: [], output };
    }
    default:
      return undefined;
  }
}

function accessOfElementwise(call: ElementwiseCall, operands: readonly number[], output: number): Access | undefined {
  const isRow = call.layouts.map((layout) => isContiguous(call, layout));
  // A copy with other strides may be a transposition, which has an order of its own.
  if (call.operation === 'copy' && !isRow[0]) return undefined;
  return {
    size: call.shape.reduce((product, extent) => product * extent),
    reads: operands.filter((_, index) => isRow[index]),
    readsAll: operands.filter((_, index) => !isRow[index]),
    output,
  };
}

const present = (buffers: readonly number[]): number[] => buffers.filter((buffer) => buffer !== ABSENT);
