/**
 * Random programs through the public functions, each judged by other means: gradients by differences of programs that
 * are solved again, certificates by their conditions and by enumeration in whole numbers.
 */
import { expect } from 'vitest';
import { random } from '../../src/data/random.ts';
import {
  NoSolutionError,
  type ProgramCertificate,
  quadraticProgram,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { rankOf } from './modular-rank.ts';
import {
  cotangentFor,
  type Difference,
  derivativeAlong,
  differencesOf,
  differentiableProgram,
  directionFor,
  NAMES,
  type Name,
  type Trial,
} from './program-differences.ts';
import { degenerateProgram, infeasibleProgram, unboundedProgram } from './program-kinds.ts';
import { certificateError } from './program-solutions.ts';
import { type NestedProgram, programData, type Rows, rescaleNested } from './programs.ts';

/** A comparison is sharp where the difference itself is right to this part of the terms. */
const SHARP = 1e-5;

/** @returns the number of comparisons, and how many of them were not sharp */
export async function compareGradients(
  seeds: readonly number[],
  gradientsOf: (
    trial: Trial,
    v: Record<'x' | 'y' | 'z', number[]>,
  ) => Promise<Readonly<Record<Name, ArrayLike<number>>>>,
  change: (trial: Trial) => Trial = (trial) => trial,
  tolerance = 1e-6,
): Promise<{ compared: number; blunt: number }> {
  let [compared, blunt] = [0, 0];
  for (const seed of seeds) {
    const draws = random(seed);
    const trial = change(differentiableProgram(draws));
    const [v, direction] = [cotangentFor(trial, draws), directionFor(trial, draws)];
    const gradients = await gradientsOf(trial, v);
    for (const [index, difference] of differencesOf(trial, v, direction).entries()) {
      const place = `seed ${seed}, ${NAMES[index]}`;
      expect(difference, place).toBeDefined();
      const { value: expected, error } = difference as Difference;
      const { value, terms } = derivativeAlong(gradients, direction, NAMES[index]);
      compared++;
      if (error > SHARP * (1 + terms)) blunt++;
      expect(Math.abs(value - expected), place).toBeLessThanOrEqual(tolerance * (1 + terms) + error);
    }
  }
  return { compared, blunt };
}

/** Gradients of arrays, in float64. The certificate of each program must be `certified`. */
export async function gradientsOfArrays(
  engine: Engine,
  { program }: Trial,
  v: Record<'x' | 'y' | 'z', number[]>,
): Promise<Readonly<Record<Name, Float64Array>>> {
  const { P, q, A, l, u } = program;
  const solution = quadraticProgram({ engine, P, q, A, l, u });
  const [{ samples }, [gradients]] = await Promise.all([solution.certificate(), solution.gradients(v)]);
  expect(samples[0]).toMatchObject({ status: 'certified', kinks: 0 });
  expect(gradients).toMatchObject({
    singular: false,
    determined: { P: true, q: true, A: true, l: true, u: true },
  });
  solution.dispose();
  return gradients;
}

/** Gradients of tensors, by a tape. */
export async function gradientsOfTensors(
  engine: Engine,
  { program: { P, q, A, l, u } }: Trial,
  v: Record<'x' | 'y' | 'z', number[]>,
): Promise<Readonly<Record<Name, ArrayLike<number>>>> {
  const [n, m] = [q.length, A.length];
  // No tensor is empty.
  const data = [
    engine.tensor(P.flat(), [n, n]),
    engine.tensor(q),
    ...(m === 0
      ? []
      : [
          engine.tensor(A.flat(), [m, n]),
          engine.tensor(l.map((bound) => bound ?? -1e20)),
          engine.tensor(u.map((bound) => bound ?? 1e20)),
        ]),
  ];
  const weights = Object.fromEntries(
    Object.entries(v).flatMap(([name, numbers]) => (numbers.length > 0 ? [[name, engine.tensor(numbers)]] : [])),
  );
  const loss = (...tensors: Tensor[]): Tensor => {
    const [P, q, A, l, u] = tensors;
    const { x, y, z } = quadraticProgram({ P, q, A, l, u });
    const ofX = x.mul(weights.x).sum();
    return m === 0 ? ofX : ofX.add(y.mul(weights.y).sum()).add(z.mul(weights.z).sum());
  };
  const [value, gradients] = await valueAndGrad(loss, data);
  expect(Number.isFinite(value)).toBe(true);
  const read = await Promise.all(gradients.map((gradient) => gradient.data()));
  for (const tensor of [...data, ...Object.values(weights), ...gradients]) tensor.dispose();
  const [gradP, gradQ, gradA = [], gradL = [], gradU = []]: readonly ArrayLike<number>[] = read;
  return { P: gradP, q: gradQ, A: gradA, l: gradL, u: gradU };
}

/** The same program in float32, so that tensors hold it exactly. */
export function rounded(trial: Trial): Trial {
  const numbers = (list: readonly number[]): number[] => list.map(Math.fround);
  const bounds = (list: NestedProgram['l']): NestedProgram['l'] =>
    list.map((value) => (value === null ? null : Math.fround(value)));
  const { P, q, A, l, u, x, y } = trial.program;
  return {
    ...trial,
    program: { P: P.map(numbers), q: numbers(q), A: A.map(numbers), l: bounds(l), u: bounds(u), x, y },
  };
}

/** Programs without a solution: each is named, reading it rejects, and the vector satisfies the conditions. */
export async function checkUnsolvable(
  engine: Engine,
  status: 'infeasible' | 'unbounded',
  seeds: readonly number[],
): Promise<void> {
  for (const seed of seeds) {
    const draws = random(seed);
    const base = status === 'infeasible' ? infeasibleProgram(draws) : unboundedProgram(draws);
    // Powers of 2, so that what is 0 remains so.
    const factors = (count: number): number[] => Array.from({ length: count }, () => 2 ** (draws.integer(11) - 5));
    const { P, q, A, l, u } = seed % 2 ? rescaleNested(base, factors(base.q.length), factors(base.A.length)) : base;
    const given = { engine, P, q, A, l, u };
    const solution = quadraticProgram({ ...given, onFailure: 'report' });
    const { samples } = await solution.report;
    expect(samples[0].status, `seed ${seed}`).toBe(status);
    const { certificate } = samples[0];
    const found = { status, certificate } as Parameters<typeof certificateError>[1];
    expect(certificateError(programData({ P, q, A, l, u }), found), `seed ${seed}`).toBeLessThan(1e-9);
    const x = await solution.x.data();
    expect(x.every(Number.isNaN)).toBe(true);
    const [gradients] = await solution.gradients({ x: q.map(() => 1) });
    expect(gradients.singular).toBe(true);
    expect(gradients.q.every(Number.isNaN)).toBe(true);
    const refused = quadraticProgram(given);
    await expect(refused.x.data()).rejects.toThrow(NoSolutionError);
    for (const each of [solution, refused]) each.dispose();
  }
}

/** What a solution in whole numbers, but for bounds and q, says of the rows. */
interface Activity {
  readonly strong: readonly number[];
  readonly weak: readonly number[];
}

/** Undefined where a slack or a multiplier is neither clearly 0 nor clearly not. */
function activityOf({ A, l, u }: NestedProgram, y: Float64Array, z: Float64Array): Activity | undefined {
  const [strong, weak]: [number[], number[]] = [[], []];
  for (let row = 0; row < A.length; row++) {
    const [low, high] = [l[row] ?? Number.NEGATIVE_INFINITY, u[row] ?? Number.POSITIVE_INFINITY];
    if (low === high) strong.push(row);
    else {
      const [force, gap] = [Math.abs(y[row]), Math.min(high - z[row], z[row] - low)];
      if ([force, gap].some((size) => size > 1e-9 && size < 1e-4)) return undefined;
      if (gap <= 1e-9) (force > 1e-4 ? strong : weak).push(row);
    }
  }
  return { strong, weak };
}

/** [P, Aᵀ; A, 0] for some rows of A. */
function systemOf(P: Rows, rows: Rows): Rows {
  const none = rows.map(() => 0);
  return [...P.map((row, j) => [...row, ...rows.map((each) => each[j])]), ...rows.map((row) => [...row, ...none])];
}

/** Whether every choice of weakly active rows leaves an invertible system. */
function isEachInvertible({ P, A }: NestedProgram, { strong, weak }: Activity): boolean {
  return Array.from({ length: 2 ** weak.length }, (_, choice) => {
    const held = [...strong, ...weak.filter((__, place) => (choice >> place) & 1)];
    const system = systemOf(
      P,
      held.map((row) => A[row]),
    );
    return rankOf(system) === system.length;
  }).every(Boolean);
}

/** Up to this many weakly active rows, all choices are tried. */
const ENUMERATED = 8;

/**
 * Programs whose solution is degenerate or not unique: the certificate is what ranks in whole numbers and enumeration
 * say, and a gradient is a number exactly where it is determined.
 * @returns the number of programs with each status, and of those that could not be judged
 */
export async function checkDegenerate(engine: Engine, seeds: readonly number[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = { unjudged: 0 };
  for (const seed of seeds) {
    const draws = random(seed);
    const program = degenerateProgram(draws, 8);
    const { P, q, A, l, u } = program;
    const solution = quadraticProgram({ engine, P, q, A, l, u, onFailedCertificate: 'ignore' });
    const { y, z } = await solution.values();
    const { samples } = await solution.certificate();
    counts[samples[0].status] = (counts[samples[0].status] ?? 0) + 1;
    const activity = activityOf(program, y, z);
    if (!activity) counts.unjudged++;
    else {
      judgeCertificate(program, activity, samples[0], `seed ${seed}`);
      const ask = (least: number): number[] => Array.from({ length: least }, () => draws.integer(5) - 2);
      const x = ask(q.length);
      for (const cotangent of [
        { x, y: A.map(() => 0) },
        { x, y: ask(A.length) },
      ]) {
        const [gradients] = await solution.gradients(cotangent);
        judgeGradients(program, activity, cotangent, gradients, `seed ${seed}`);
      }
    }
    solution.dispose();
  }
  return counts;
}

function judgeCertificate(
  program: NestedProgram,
  activity: Activity,
  { status, kinkRows, nullVector, test: failed }: ProgramCertificate,
  place: string,
): void {
  const { P, A, q } = program;
  const { strong, weak } = activity;
  const rows = [...strong, ...weak].map((row) => A[row]);
  const areIndependent = rankOf(rows) === rows.length;
  const isUnique = rankOf([...P, ...strong.map((row) => A[row])]) === q.length;
  expect(status, place).toBe(areIndependent && isUnique ? 'certified' : 'failed');
  if (isUnique) expect(kinkRows, place).toEqual(weak);
  if (weak.length <= ENUMERATED) expect(isEachInvertible(program, activity), place).toBe(status === 'certified');
  if (!nullVector) return;
  expect(failed === 'rows' ? areIndependent : isUnique, place).toBe(false);
  const images =
    failed === 'rows'
      ? q.map((_, j) => A.reduce((sum, row, i) => sum + row[j] * nullVector[i], 0))
      : [...P, ...strong.map((row) => A[row])].map((row) =>
          row.reduce((sum, value, j) => sum + value * nullVector[j], 0),
        );
  for (const image of images) expect(Math.abs(image), place).toBeLessThan(1e-12 * 8 * q.length);
}

function judgeGradients(
  { P, A, q }: NestedProgram,
  { strong }: Activity,
  { x, y }: Readonly<Record<'x' | 'y', number[]>>,
  gradients: Readonly<Record<'P' | 'q' | 'A' | 'l' | 'u', Float64Array>> & {
    readonly singular: boolean;
    readonly determined: object;
  },
  place: string,
): void {
  const rows = strong.map((row) => A[row]);
  const system = systemOf(P, rows);
  const right = [...x, ...strong.map((row) => y[row])];
  const isConsistent = rankOf(system.map((row, i) => [...row, right[i]])) === rankOf(system);
  if ([...x, ...y].every((value) => value === 0)) return;
  expect(gradients.singular, place).toBe(!isConsistent);
  if (!isConsistent) {
    for (const name of NAMES)
      expect(
        gradients[name].every((value) => value === 0 || Number.isNaN(value)),
        place,
      ).toBe(true);
    return;
  }
  const isUnique = rankOf([...P, ...rows]) === q.length;
  const areIndependent = rankOf(rows) === rows.length;
  expect(gradients.determined, place).toEqual({
    P: isUnique,
    q: isUnique,
    A: isUnique && areIndependent,
    l: areIndependent,
    u: areIndependent,
  });
  const w = [...gradients.q, ...strong.map((row) => -(gradients.l[row] + gradients.u[row]))];
  for (const [i, row] of system.entries()) {
    const left = row.reduce((sum, value, j) => sum + value * w[j], 0);
    expect(Math.abs(left + right[i]), place).toBeLessThan(1e-9);
  }
}

export const seeds = (count: number): readonly number[] => Array.from({ length: count }, (_, seed) => seed);
