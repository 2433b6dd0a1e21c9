/** The equalities that solved boards have in common, by elimination: what gradient descent would have to find. */

/** What elimination found. */
export interface CommonEqualities {
  /** The rows of A: Ax is the same for all the boards. They are a basis of all such rows. */
  readonly rows: readonly Float64Array[];
  /** The number of boards after which no board was new: all later ones lie in the affine hull of these. */
  readonly enough: number;
}

/** Below this a number is rounding. The exact ones are fractions with small denominators. */
const ROUNDING = 1e-7;

/**
 * A basis of the rows a with aᵀx the same for all the boards x: the null space of their differences x − x₀, which
 * Gauss-Jordan elimination brings to reduced echelon form.
 * @param boards one-hot rows, count × width
 */
export function commonEqualities(boards: ArrayLike<number>, width: number): CommonEqualities {
  const echelon = new Map<number, Float64Array>();
  let enough = 1;
  for (let board = 1; board < boards.length / width; board++) {
    const rest = Float64Array.from({ length: width }, (_, at) => boards[board * width + at] - boards[at]);
    for (const [pivot, row] of echelon) subtract(rest, row, rest[pivot]);
    const pivot = firstAt(rest);
    if (pivot < 0) continue;
    const scale = rest[pivot];
    for (let at = 0; at < width; at++) rest[at] = Math.abs(rest[at]) < ROUNDING ? 0 : rest[at] / scale;
    for (const row of echelon.values()) subtract(row, rest, row[pivot]);
    echelon.set(pivot, rest);
    enough = board + 1;
  }
  const free = Array.from({ length: width }, (_, at) => at).filter((at) => !echelon.has(at));
  const rows = free.map((column) => {
    const row = new Float64Array(width);
    row[column] = 1;
    for (const [pivot, { [column]: value }] of echelon) row[pivot] = Math.abs(value) < ROUNDING ? 0 : -value;
    return row;
  });
  return { rows, enough };
}

function subtract(from: Float64Array, row: Float64Array, factor: number): void {
  if (factor !== 0) for (let at = 0; at < from.length; at++) from[at] -= factor * row[at];
}

function firstAt(numbers: Float64Array): number {
  return numbers.findIndex((value) => Math.abs(value) >= ROUNDING);
}
