/** Random programs of a known kind, by construction. Draws decide the shape, from 1 variable and no rows on. */
import type { Random } from '../../src/data/random.ts';
import { type NestedProgram, normalCurvature, normalRows, type PlantedRow, plant, type Rows } from './programs.ts';

const LARGEST = 30;

/** P is 0, of low rank or definite; there may be more rows than variables, but at most n hold. */
export function feasibleProgram(draws: Random): NestedProgram {
  const n = 1 + draws.integer(LARGEST);
  const m = draws.integer(3 * n + 1);
  const rank = draws.integer(4) === 0 ? 0 : draws.integer(n + 1);
  const A = normalRows(m, n, draws).map((row) => row.map((value) => (draws.integer(2) ? value : 0)));
  const kinds: PlantedRow[] = [
    'at u',
    'at l',
    'weakly at u',
    'weakly at l',
    'equality',
    'inactive',
    'inactive',
    'free',
  ];
  let holding = 0;
  const rows = A.map((): PlantedRow => {
    const kind = kinds[draws.integer(kinds.length)];
    if (kind === 'inactive' || kind === 'free' || holding++ < n) return kind;
    return 'inactive';
  });
  const x = Array.from({ length: n }, () => draws.normal());
  return plant(normalCurvature(n, rank, draws), A, x, rows, draws);
}

/** Adds rows whose combination with positive weights is 0 ≤ −margin. */
export function infeasibleProgram(draws: Random): NestedProgram {
  const base = feasibleProgram(draws);
  const n = base.q.length;
  const count = 1 + draws.integer(Math.min(n, 5));
  const rows = normalRows(count, n, draws);
  const weights = rows.map(() => 0.1 + draws.uniform());
  rows.push(rows[0].map((_, j) => -rows.reduce((sum, row, i) => sum + weights[i] * row[j], 0)));
  const bounds = rows.map(() => draws.normal());
  const margin = 10 ** -draws.integer(4);
  bounds[count] = -margin - weights.reduce((sum, weight, i) => sum + weight * bounds[i], 0);
  return {
    ...base,
    A: [...base.A, ...rows],
    l: [...base.l, ...bounds.map((bound) => (draws.integer(3) ? null : bound - 1))],
    u: [...base.u, ...bounds],
  };
}

/** A point is feasible, and from it the objective falls forever along a direction. */
export function unboundedProgram(draws: Random): NestedProgram {
  const n = 1 + draws.integer(LARGEST);
  const direction = Array.from({ length: n }, (_, j) => (j === 0 || draws.integer(3) ? draws.normal() : 0));
  const square = direction.reduce((sum, value) => sum + value * value, 0);
  const along = (row: readonly number[]): number => row.reduce((sum, value, j) => sum + value * direction[j], 0);
  const without = (row: readonly number[]): number[] =>
    row.map((value, j) => value - (along(row) / square) * direction[j]);
  const flat = normalRows(draws.integer(3) ? draws.integer(n) : 0, n, draws).map(without);
  const P = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => flat.reduce((sum, row) => sum + row[i] * row[j], 0)),
  );
  const x = Array.from({ length: n }, () => draws.normal());
  const A: number[][] = [];
  const l: (number | null)[] = [];
  const u: (number | null)[] = [];
  for (const row of normalRows(draws.integer(2 * n + 1), n, draws)) {
    // Of one entry only rounding would be left.
    const isLevel = n > 1 && draws.integer(4) === 0;
    A.push(isLevel ? without(row) : row);
    const z = A[A.length - 1].reduce((sum, value, j) => sum + value * x[j], 0);
    const rises = along(row) > 0;
    l.push(isLevel || rises ? z - (isLevel ? 0 : draws.uniform()) : null);
    u.push(isLevel || !rises ? z + (isLevel ? draws.integer(2) : draws.uniform()) : null);
  }
  const q = without(Array.from({ length: n }, () => draws.normal()));
  return { P, q: q.map((value, j) => value - direction[j] / square), A, l, u };
}

/** Small integers: many rows hold at the solution, some of them more than once, and neither x nor y need be unique. */
export function degenerateProgram(draws: Random, largest = LARGEST): NestedProgram {
  const n = 1 + draws.integer(largest);
  const small = (): number => draws.integer(5) - 2;
  const A: number[][] = [];
  for (let i = 0; i < 1 + draws.integer(4 * n); i++) {
    const factor = draws.integer(2) ? 1 : -2;
    const copied: Rows[number] | undefined = draws.integer(5) === 0 ? A[draws.integer(Math.max(1, i))] : undefined;
    A.push(Array.from({ length: n }, (_, j) => (copied ? factor * copied[j] : draws.integer(3) ? 0 : small())));
  }
  const factors = Array.from({ length: draws.integer(3) ? draws.integer(n) : 0 }, () =>
    Array.from({ length: n }, () => draws.integer(3) - 1),
  );
  const P = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => factors.reduce((sum, row) => sum + row[i] * row[j], 0)),
  );
  const kinds: PlantedRow[] = ['at u', 'at l', 'weakly at u', 'weakly at l', 'weakly at u', 'equality', 'inactive'];
  const x = Array.from({ length: n }, small);
  return plant(
    P,
    A,
    x,
    A.map(() => kinds[draws.integer(kinds.length)]),
    draws,
  );
}
