/** Random cone programs through the public function, each judged by other means: residuals, and differences of new solves. */
import { expect } from 'vitest';
import type { ConeBlock } from '../../src/backends/cone-kernels.ts';
import { random } from '../../src/data/random.ts';
import { type ConeSolution, coneProgram, type Engine } from '../../src/index.ts';
import { dualOf } from '../../src/solvers/cones/cone.ts';
import type { Eigenvector } from '../../src/solvers/cones/projection.ts';
import type { ConeTrialBatch } from './cone-batches.ts';
import { kktError } from './cone-checks.ts';
import {
  arraysOf,
  type Cotangent,
  cotangentsFor,
  DATA,
  directionsFor,
  joinParts,
  type Numbers,
  pointsOf,
} from './cone-data.ts';
import { projectOntoBlock } from './cone-projections.ts';
import { dot } from './numbers.ts';

/** What a series of trials came to. */
export type Counts = Record<string, number>;

export const count = (counts: Counts, name: string, by = 1): void => {
  counts[name] = (counts[name] ?? 0) + by;
};
export const keepWorst = (counts: Counts, name: string, value: number): void => {
  counts[name] = Math.max(counts[name] ?? 0, value);
};

const TIGHT = { absoluteTolerance: 1e-12, relativeTolerance: 1e-12 };
const STEPS = [1e-4, 1e-5, 1e-6, 1e-7, 1e-8];
/** With a smaller error, relative to 1 + the derivative, no shorter step is tried. */
const ENOUGH = 1e-7;
/** With a larger error, relative to 1 + the derivative, the steps were too long to say anything. */
const SHARP = 1e-4;

export interface Difference {
  readonly value: number;
  /** How far the value may be off, relative to 1 + its size: what twice the step changes. */
  readonly error: number;
}

/** What a solution gives at data moved by a step. */
interface Moved {
  /** NaN where the program was not solved. */
  readonly loss: number;
  /** Of each cone, how many eigenvalues of J are 1 and how many are not 0. */
  readonly piece: string;
}

export async function solveMoved(
  engine: Engine,
  batch: Pick<ConeTrialBatch, 'programs' | 'isShared'>,
  cotangents: readonly Cotangent[],
  directions: readonly Numbers[],
  step: number,
  initial: readonly Cotangent[],
): Promise<Moved[]> {
  const { cones } = batch.programs[0];
  const given = { engine, ...arraysOf(batch, directions, step), cones, ...TIGHT };
  const solution = coneProgram({ ...given, initial: joinParts(initial), onFailure: 'report' });
  const { samples } = await solution.report;
  const points = pointsOf(await solution.values(), batch.programs);
  solution.dispose();
  return points.map((point, index) => ({
    loss: ['converged', 'stalled'].includes(samples[index].status) ? lossOf(point, cotangents[index]) : Number.NaN,
    piece: pieceAt(batch.programs[index].blocks, point),
  }));
}

function pieceAt(blocks: readonly ConeBlock[], { y, s }: Cotangent): string {
  const v = y.map((value, i) => value - s[i]);
  return blocks
    .map((block) => {
      const own = v.slice(block.start, block.start + block.rows);
      const eigenvectors = projectOntoBlock(dualOf(block), own, 0).eigenvectors();
      // Of an orthant, which of them.
      if (block.type === 'nonneg') return own.map(Math.sign).join('');
      return [({ high }: Eigenvector) => high === 1, ({ low }: Eigenvector) => low > 0].map(
        (test) => eigenvectors.filter(test).length,
      );
    })
    .join();
}

export const lossOf = (point: Cotangent, cotangent: Cotangent): number =>
  dot(point.x, cotangent.x) + dot(point.y, cotangent.y) + dot(point.s, cotangent.s);

/**
 * The derivatives of the losses along directions of the data, by central differences of programs that are solved anew.
 * A step that takes a solution to another piece of the projection says nothing; with no other, the error is infinite.
 */
export async function centralDifferences(
  engine: Engine,
  batch: Pick<ConeTrialBatch, 'programs' | 'isShared'>,
  cotangents: readonly Cotangent[],
  directions: readonly Numbers[],
  at: readonly Cotangent[],
): Promise<Difference[]> {
  const best = batch.programs.map((): Difference => ({ value: Number.NaN, error: Number.POSITIVE_INFINITY }));
  const pieces = at.map((point, index) => pieceAt(batch.programs[index].blocks, point));
  for (const step of STEPS) {
    const moved: Moved[][] = [];
    for (const each of [step, -step, 2 * step, -2 * step]) {
      moved.push(await solveMoved(engine, batch, cotangents, directions, each, at));
    }
    for (const index of best.keys()) {
      if (moved.some((all) => all[index].piece !== pieces[index])) continue;
      const [up, down, farUp, farDown] = moved.map((all) => all[index].loss);
      const [near, far] = [(up - down) / (2 * step), (farUp - farDown) / (4 * step)];
      const value = (4 * near - far) / 3;
      const error = Math.abs(near - far) / (1 + Math.abs(value));
      if (error < best[index].error) best[index] = { value, error };
    }
    if (best.every(({ error }) => error < ENOUGH)) break;
  }
  return best;
}

/** ⟨gradients, direction⟩ and the size of its terms. */
export function derivativeAlong(gradients: Numbers, direction: Numbers): { value: number; terms: number } {
  let [value, terms] = [0, 0];
  for (const name of DATA) {
    for (const [index, entry] of direction[name].entries()) {
      if (entry === 0) continue;
      value += entry * gradients[name][index];
      terms += Math.abs(entry * gradients[name][index]);
    }
  }
  return { value, terms };
}

/**
 * Programs that are regular at their solutions, in float64: residuals, certificates, gradients against differences, and
 * tangents against gradients.
 */
export async function checkRegular(engine: Engine, batches: readonly ConeTrialBatch[]): Promise<Counts> {
  const counts: Counts = {};
  for (const batch of batches) {
    const draws = random(1).fork(batch.name);
    const { cones } = batch.programs[0];
    const [cotangents, directions] = [cotangentsFor(batch, draws), directionsFor(batch, draws)];
    const solution = coneProgram({ engine, ...arraysOf(batch), cones, onFailedCertificate: 'ignore' });
    const points = await checkSolutions(solution, batch, counts);
    const { samples } = await solution.certificate();
    const gradients = await solution.gradients(joinParts(cotangents));
    const differences = await centralDifferences(engine, batch, cotangents, directions, points);
    const tangents = await solution.tangents(arraysOf({ ...batch, programs: asPrograms(batch, directions) }));
    for (const [index, { status, reason }] of samples.entries()) {
      const place = `${batch.name}, program ${index}`;
      count(counts, status);
      expect(status, `${place}: ${reason}`).not.toBe('failed');
      expect(gradients[index].determined, place).toEqual({ P: true, A: true, b: true, c: true });
      const { value, terms } = derivativeAlong(gradients[index], directions[index]);
      const product = lossOf(tangents[index], cotangents[index]);
      keepWorst(counts, 'identity', Math.abs(value - product) / (1 + terms));
      expect(Math.abs(value - product), place).toBeLessThan(1e-8 * (1 + terms));
      compare(counts, { value, terms }, differences[index], place);
    }
    solution.dispose();
  }
  return counts;
}

export function compare(
  counts: Counts,
  { value, terms }: { readonly value: number; readonly terms: number },
  difference: Difference,
  place: string,
): void {
  count(counts, 'compared');
  if (!(difference.error <= SHARP)) {
    count(counts, 'blunt');
    return;
  }
  const off = Math.abs(value - difference.value);
  keepWorst(counts, 'gradient', off / (1 + terms));
  expect(off, `${place}: ${value} by the gradient, ${difference.value} by differences`).toBeLessThanOrEqual(
    1e-6 * (1 + terms) + difference.error * (1 + Math.abs(difference.value)),
  );
}

/** Directions in the place of the data. */
function asPrograms({ programs }: ConeTrialBatch, directions: readonly Numbers[]): ConeTrialBatch['programs'] {
  return programs.map((program, index) => ({ ...program, ...directions[index] }));
}

async function checkSolutions(
  solution: ConeSolution,
  batch: ConeTrialBatch,
  counts: Counts,
): Promise<Record<'x' | 'y' | 's', Float64Array>[]> {
  const points = pointsOf(await solution.values(), batch.programs);
  const { samples } = await solution.report;
  for (const [index, { status }] of samples.entries()) {
    count(counts, status);
    const error = kktError(batch.programs[index], points[index]);
    keepWorst(counts, 'residual', error);
    expect(status, `${batch.name}, program ${index}`).toBe('converged');
    expect(error, `${batch.name}, program ${index}`).toBeLessThan(4e-9);
  }
  return points;
}
