/**
 * What can be said about a program from single rows: bounds that cannot be met, and rows with one entry that bound the
 * same variable. Of these the tightest stay; where they meet, the variable is fixed by one equality, as an interior
 * point method needs room between bounds.
 */
import type { ProgramData } from './problem.ts';
import { transpose } from './sparse.ts';

/** Bounds in the wrong order by less than this, relative to their size, are equal but for rounding. */
const ROUNDING = 1e-12;

/** A program that is shown to be infeasible by one or two rows. */
export interface Contradiction {
  /** m, in any size; absent where the bounds of one row are in the wrong order, as no multiplier has two signs. */
  readonly certificate?: Float64Array;
}

/** The program with fewer bounds and the same solutions. */
export interface Presolved {
  readonly data: ProgramData;
  /** Multipliers of the given program, from those of this one. */
  restore(y: Float64Array): Float64Array;
  /** Multipliers of this program, from those of the given one. */
  restrict(y: Float64Array): Float64Array;
}

/** The rows that bound a variable most tightly, and their bounds of it. −1 where there is none. */
interface Tightest {
  lowerRow: number;
  lower: number;
  upperRow: number;
  upper: number;
}

/** @param tolerance by which a row without entries may miss its bounds */
export function presolve(data: ProgramData, tolerance: number): Presolved | Contradiction {
  const { m } = data;
  const [l, u] = [data.l.slice(), data.u.slice()];
  for (let i = 0; i < m; i++) {
    const isCrossed = l[i] - u[i] > ROUNDING * (Math.abs(l[i]) + Math.abs(u[i]));
    if (isCrossed || l[i] === Number.POSITIVE_INFINITY || u[i] === Number.NEGATIVE_INFINITY) return {};
    if (l[i] > u[i]) l[i] = u[i] = 0.5 * (l[i] + u[i]);
  }
  const rows = transpose(data.A);
  const entries = new Float64Array(m);
  const tightest = new Map<number, Tightest>();
  for (let i = 0; i < m; i++) {
    const first = rows.starts[i];
    const count = rows.starts[i + 1] - first;
    if (count === 0 && (l[i] > tolerance || u[i] < -tolerance)) return contradiction(m, [[i, l[i] > 0 ? -1 : 1]]);
    if (count !== 1) continue;
    entries[i] = rows.values[first];
    tighten(tightest, rows.indices[first], i, entries[i], l[i], u[i]);
  }
  const [newL, newU] = [l.slice(), u.slice()];
  const fixed: (Tightest & { readonly row: number })[] = [];
  for (const bounds of tightest.values()) {
    const { lowerRow, lower, upperRow, upper } = bounds;
    if (lower - upper > ROUNDING * (Math.abs(lower) + Math.abs(upper))) {
      return contradiction(m, [
        [lowerRow, -1 / entries[lowerRow]],
        [upperRow, 1 / entries[upperRow]],
      ]);
    }
    if (lower >= upper && lowerRow !== upperRow) {
      const row = l[upperRow] === u[upperRow] ? upperRow : lowerRow;
      if (l[row] !== u[row]) {
        newL[row] = entries[row] * (lower === upper ? lower : 0.5 * (lower + upper));
        newU[row] = newL[row];
        fixed.push({ ...bounds, row });
      }
    }
  }
  dropLooseBounds();
  return { data: { ...data, l: newL, u: newU }, restore, restrict };

  /** Drops the bounds of single entries that are not the tightest. */
  function dropLooseBounds(): void {
    for (let j = 0; j < data.n; j++) {
      const bounds = tightest.get(j);
      if (!bounds) continue;
      const equality = bounds.lower >= bounds.upper ? equalityOf(bounds) : -1;
      for (let k = data.A.starts[j]; k < data.A.starts[j + 1]; k++) {
        const i = data.A.indices[k];
        if (entries[i] === 0 || i === equality) continue;
        const isLowest = i === bounds.lowerRow && equality < 0;
        const isUppermost = i === bounds.upperRow && equality < 0;
        // A negative entry turns the sides of the row around.
        const [keepsL, keepsU] = entries[i] > 0 ? [isLowest, isUppermost] : [isUppermost, isLowest];
        if (!keepsL) newL[i] = Number.NEGATIVE_INFINITY;
        if (!keepsU) newU[i] = Number.POSITIVE_INFINITY;
      }
    }
  }

  /** The row that fixes a variable whose bounds meet. */
  function equalityOf({ lowerRow, upperRow }: Tightest): number {
    return l[upperRow] === u[upperRow] ? upperRow : lowerRow;
  }

  function restore(y: Float64Array): Float64Array {
    const result = y.slice();
    for (const { row, lowerRow, upperRow } of fixed) {
      const force = y[row] * entries[row];
      result[row] = 0;
      const target = force < 0 ? lowerRow : upperRow;
      result[target] = target === row ? y[row] : force / entries[target];
    }
    return result;
  }

  function restrict(y: Float64Array): Float64Array {
    const result = y.slice();
    for (const [j, bounds] of tightest) {
      let force = 0;
      for (let k = data.A.starts[j]; k < data.A.starts[j + 1]; k++) {
        const i = data.A.indices[k];
        if (entries[i] === 0) continue;
        force += entries[i] * y[i];
        result[i] = 0;
      }
      const isFixed = bounds.lower >= bounds.upper;
      const row = isFixed ? equalityOf(bounds) : force < 0 ? bounds.lowerRow : bounds.upperRow;
      if (row >= 0) result[row] = force / entries[row];
    }
    return result;
  }
}

function tighten(
  tightest: Map<number, Tightest>,
  variable: number,
  row: number,
  entry: number,
  l: number,
  u: number,
): void {
  let bounds = tightest.get(variable);
  if (!bounds) {
    bounds = { lowerRow: -1, lower: Number.NEGATIVE_INFINITY, upperRow: -1, upper: Number.POSITIVE_INFINITY };
    tightest.set(variable, bounds);
  }
  const [lower, upper] = entry > 0 ? [l / entry, u / entry] : [u / entry, l / entry];
  // An equality takes the place of a bound that is as tight.
  if (lower > bounds.lower || (lower === bounds.lower && l === u)) Object.assign(bounds, { lower, lowerRow: row });
  if (upper < bounds.upper || (upper === bounds.upper && l === u)) Object.assign(bounds, { upper, upperRow: row });
}

function contradiction(m: number, multipliers: readonly (readonly [number, number])[]): Contradiction {
  const certificate = new Float64Array(m);
  for (const [row, value] of multipliers) certificate[row] = value;
  return { certificate };
}
