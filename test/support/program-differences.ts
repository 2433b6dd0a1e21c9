/** Gradients of programs against central differences of programs that are solved again, in float64. */
import { expect } from 'vitest';
import type { Random } from '../../src/data/random.ts';
import { solve } from './program-solutions.ts';
import {
  type NestedProgram,
  normalCurvature,
  normalRows,
  type PlantedProgram,
  type PlantedRow,
  plant,
  programData,
  type Rows,
  rescale,
} from './programs.ts';

/** A program whose solution has a derivative, and the units in which its numbers are of the size of 1. */
export interface Trial {
  readonly program: PlantedProgram;
  readonly rows: readonly PlantedRow[];
  /** Of the variables, the rows and the objective. */
  readonly units: { readonly x: readonly number[]; readonly rows: readonly number[]; readonly objective: number };
}

const VARIABLES = 12;
const ROWS = 20;

/**
 * 1 to 12 variables and 0 to 20 rows. P is 0, of low rank or definite; as many rows hold as that needs, and no more than
 * there are variables. Some rows are boxes. P, q, A and the bounds are scaled by up to 10^±3.
 */
export function differentiableProgram(draws: Random): Trial {
  const n = 1 + draws.integer(VARIABLES);
  const rank = [0, draws.integer(n + 1), n, n][draws.integer(4)];
  const held = n - rank + draws.integer(rank + 1);
  const m = Math.max(held, draws.integer(ROWS + 1));
  const strong: PlantedRow[] = ['at u', 'at l', 'equality'];
  const rows = Array.from({ length: m }, (_, row): PlantedRow => {
    if (row < held) return strong[draws.integer(3)];
    return draws.integer(6) === 0 ? 'free' : 'inactive';
  });
  const A = normalRows(m, n, draws).map((row, i) => {
    const box = i >= held && draws.integer(3) === 0;
    const at = draws.integer(n);
    return box ? row.map((_, j) => Number(j === at)) : row;
  });
  const x = Array.from({ length: n }, () => draws.normal());
  const objective = 10 ** (6 * draws.uniform() - 3);
  const units = (count: number): number[] => Array.from({ length: count }, () => 10 ** (3 * draws.uniform() - 1.5));
  const [D, E] = [units(n), units(m)];
  const scaled = rescale(plant(normalCurvature(n, rank, draws), A, x, rows, draws), D, E);
  const times = (numbers: readonly number[]): number[] => numbers.map((value) => objective * value);
  const program = { ...scaled, P: scaled.P.map(times), q: times(scaled.q), y: times(scaled.y) };
  return { program, rows, units: { x: D.map((d) => 1 / d), rows: E, objective } };
}

/** Numbers for x, y and z, such that each term of their product with a solution is of the size of 1. */
export function cotangentFor({ units }: Trial, draws: Random): Record<'x' | 'y' | 'z', number[]> {
  return {
    x: units.x.map((unit) => draws.normal() / unit),
    y: units.rows.map((unit) => (draws.normal() * unit) / units.objective),
    z: units.rows.map((unit) => draws.normal() / unit),
  };
}

export type Name = 'P' | 'q' | 'A' | 'l' | 'u';
export const NAMES: readonly Name[] = ['P', 'q', 'A', 'l', 'u'];

/** A direction of every datum, in its units; that of P is symmetric, and that of an equality moves both bounds. */
export function directionFor({ units, program, rows }: Trial, draws: Random): Record<Name, number[]> {
  const { x, objective } = units;
  const curvature = normalRows(x.length, x.length, draws);
  const u = units.rows.map((unit) => unit * draws.normal());
  return {
    P: x.flatMap((a, i) => x.map((b, j) => ((curvature[i][j] + curvature[j][i]) * objective) / (2 * a * b))),
    q: x.map((unit) => (objective * draws.normal()) / unit),
    A: program.A.flatMap((_, i) => x.map((unit) => (units.rows[i] * draws.normal()) / unit)),
    l: rows.map((row, i) => (row === 'equality' ? u[i] : units.rows[i] * draws.normal())),
    u,
  };
}

function move(program: NestedProgram, { P, q, A, l, u }: Partial<Record<Name, number[]>>, step: number): NestedProgram {
  const n = program.q.length;
  const rows = (matrix: Rows, change: number[] | undefined): Rows =>
    change ? matrix.map((row, i) => row.map((value, j) => value + step * change[i * n + j])) : matrix;
  const bounds = (given: NestedProgram['l'], change: number[] | undefined): NestedProgram['l'] =>
    change ? given.map((value, row) => (value === null ? null : value + step * change[row])) : given;
  return {
    P: rows(program.P, P),
    q: q ? program.q.map((value, j) => value + step * q[j]) : program.q,
    A: rows(program.A, A),
    l: bounds(program.l, l),
    u: bounds(program.u, u),
  };
}

const dot = (a: ArrayLike<number>, b: readonly number[]): number =>
  b.reduce((sum, value, i) => (value === 0 ? sum : sum + value * a[i]), 0);

/** The loss at the solution of a program, and the rows that are held. */
function lossAt(program: NestedProgram, v: Record<'x' | 'y' | 'z', number[]>): { loss: number; held: string } {
  const { status, x, y, z } = solve(programData(program));
  expect(status).toBe('converged');
  return { loss: dot(x, v.x) + dot(y, v.y) + dot(z, v.z), held: Array.from(y, Math.sign).join() };
}

const LONGEST = 1e-5;
const SHORTEST = 1e-9;
/** The rounding of a loss, relative. */
const ROUNDING = 1e-14;
/** With a smaller error, no shorter step is tried. */
const ENOUGH = 1e-7;

export interface Difference {
  readonly name: Name;
  readonly value: number;
  /** How far the value may be off: the change from twice the step, and rounding. */
  readonly error: number;
}

/**
 * The derivative of the loss along each datum of the direction, by central differences.
 * @returns undefined for a datum where the held rows change however short the step
 */
export function differencesOf(
  { program }: Trial,
  v: Record<'x' | 'y' | 'z', number[]>,
  direction: Record<Name, number[]>,
): (Difference | undefined)[] {
  const at = lossAt(program, v);
  const along = (name: Name, step: number): number | undefined => {
    const [up, down] = [step, -step].map((each) =>
      lossAt(
        name === 'P' ? move(program, { P: direction.P }, each) : move(program, movedBy(name, direction, program), each),
        v,
      ),
    );
    return up.held === at.held && down.held === at.held ? (up.loss - down.loss) / (2 * step) : undefined;
  };
  return NAMES.map((name) => {
    let best: Difference | undefined;
    for (let step = LONGEST; step >= SHORTEST; step /= 10) {
      const [near, far] = [along(name, step), along(name, 2 * step)];
      if (near === undefined || far === undefined) continue;
      const error = Math.abs(near - far) + (ROUNDING * (1 + Math.abs(at.loss))) / step;
      if (!best || error < best.error) best = { name, value: (4 * near - far) / 3, error };
      if (best.error < ENOUGH) break;
    }
    return best;
  });
}

/** On an equality both bounds move together, with u. */
function movedBy(
  name: Name,
  direction: Record<Name, number[]>,
  { l, u }: NestedProgram,
): Partial<Record<Name, number[]>> {
  const isEquality = l.map((value, row) => value !== null && value === u[row]);
  if (name === 'l') return { l: direction.l.map((value, row) => (isEquality[row] ? 0 : value)) };
  if (name === 'u') return { u: direction.u, l: direction.u.map((value, row) => (isEquality[row] ? value : 0)) };
  return { [name]: direction[name] };
}

/** The same derivative by gradients; l of an equality does not count, as in `movedBy`. */
export function derivativeAlong(
  gradients: Readonly<Record<Name, ArrayLike<number>>>,
  direction: Record<Name, number[]>,
  name: Name,
): { value: number; terms: number } {
  const numbers = Array.from(gradients[name]);
  const value = dot(numbers, direction[name]);
  const terms = numbers.reduce((sum, each, i) => sum + Math.abs(each * direction[name][i]), 0);
  return { value, terms };
}
