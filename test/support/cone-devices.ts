/** Random cone programs by splitting on a device, in float32, beside the same programs in float64. */
import { expect } from 'vitest';
import { random } from '../../src/data/random.ts';
import { type ConeSolution, coneProgram, type Engine, type Tensor, valueAndGrad } from '../../src/index.ts';
import { dualOf } from '../../src/solvers/cones/cone.ts';
import { projectOntoCones } from '../../src/solvers/cones/projections/project.ts';
import type { ConeTrialBatch } from './cone-batches.ts';
import { kktError, residualJacobian, singularRange } from './cone-checks.ts';
import {
  arraysOf,
  type Cotangent,
  cotangentsFor,
  type DataName,
  joinParts,
  type Numbers,
  pointsOf,
  rounded,
  solveTensors,
  tensorsOf,
} from './cone-data.ts';
import { elementWith } from './cone-projections.ts';
import { type Counts, count, keepWorst } from './cone-trials.ts';
import type { PlantedConeProgram } from './planted-cone-programs.ts';

const LARGEST_CONDITION = 100;
const MOVE = 1e-4;
const MOVES = 4;

/**
 * Whether rounding in float32, about 1e-6 of the solution, leaves x, y and s right to 1e-4 and gradients to 1e-3: M has a
 * condition of at most 100, and moving v by 1e-4 of its size changes M by at most a hundredth of its least singular
 * value, so that no kink is near.
 */
function isWellConditioned(program: PlantedConeProgram, { y, s }: Cotangent, seed: number): boolean {
  const { m, blocks } = program;
  const duals = blocks.map(dualOf);
  const v = y.map((value, i) => value - s[i]);
  const at = (point: Float64Array): number[][] =>
    residualJacobian(
      program,
      elementWith(
        projectOntoCones(duals, point, () => 0),
        0,
      ),
    );
  const M = at(v);
  const { least, most } = singularRange(M);
  if (!(least * LARGEST_CONDITION >= most)) return false;
  const size = Math.sqrt(v.reduce((sum, value) => sum + value * value, 0) / m);
  const draws = random(seed).fork('moves');
  return Array.from({ length: MOVES }).every(() => {
    const moved = at(v.map((value) => value + MOVE * size * draws.normal()));
    const change = Math.hypot(...moved.flatMap((row, i) => row.map((value, j) => value - M[i][j])));
    return change <= least / 100;
  });
}

/** Splitting in float32: solutions, gradients by a tape and in float64, certificates and honest statuses. */
export async function compareDevice(
  device: Engine,
  oracle: Engine,
  batches: readonly ConeTrialBatch[],
): Promise<Counts> {
  const counts: Counts = {};
  for (const exact of batches) {
    const batch = rounded(exact);
    const expected = await solveExactly(oracle, batch);
    const { names, tensors } = tensorsOf(device, batch);
    const solution = solveOn(batch, names, tensors);
    await checkNumbers(solution, batch, expected, counts);
    await checkExactGradients(solution, batch, expected, counts);
    solution.dispose();
    await checkTape(device, batch, names, tensors, expected, counts);
    for (const tensor of tensors) tensor.dispose();
  }
  return counts;
}

interface Expected {
  readonly points: readonly Cotangent[];
  /** 0 for programs that are not well conditioned. */
  readonly cotangents: readonly Cotangent[];
  readonly gradients: readonly Numbers[];
  readonly isWell: readonly boolean[];
}

async function solveExactly(engine: Engine, batch: ConeTrialBatch): Promise<Expected> {
  const { cones } = batch.programs[0];
  const solution = coneProgram({ engine, ...arraysOf(batch), cones });
  const points = pointsOf(await solution.values(), batch.programs);
  const { samples } = await solution.certificate();
  const isWell = batch.programs.map(
    (program, index) => samples[index].status === 'certified' && isWellConditioned(program, points[index], index),
  );
  const draws = cotangentsFor(batch, random(2).fork(batch.name));
  const cotangents = draws.map((each, index) => {
    const keep = (part: Float64Array): Float64Array => part.map((value) => (isWell[index] ? Math.fround(value) : 0));
    return { x: keep(each.x), y: keep(each.y), s: keep(each.s) };
  });
  const gradients = await solution.gradients(joinParts(cotangents));
  solution.dispose();
  return { points, cotangents, gradients, isWell };
}

function solveOn(batch: ConeTrialBatch, names: readonly DataName[], tensors: readonly Tensor[]): ConeSolution {
  const data = Object.fromEntries(names.map((name, index) => [name, tensors[index]]));
  const options = { solver: 'splitting', onFailure: 'report', onFailedCertificate: 'ignore' } as const;
  return solveTensors(data, batch.programs[0].cones, options);
}

/** max |aᵢ − bᵢ| relative to 1 + max |bᵢ|; ∞ where a number is not finite */
function relativeDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [most, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    const off = Math.abs(a[i] - b[i]);
    if (!Number.isFinite(off)) return Number.POSITIVE_INFINITY;
    most = Math.max(most, off);
    size = Math.max(size, Math.abs(b[i]));
  }
  return most / (1 + size);
}

/** A program counts as solved where its residuals are right to this part of their terms. */
const HONEST = 1e-5;

async function checkNumbers(
  solution: ConeSolution,
  batch: ConeTrialBatch,
  { points, isWell }: Expected,
  counts: Counts,
): Promise<void> {
  const { samples } = await solution.report;
  const [x, y, s] = await Promise.all([solution.x.data(), solution.y.data(), solution.s.data()]);
  for (const [index, point] of pointsOf({ x, y, s }, batch.programs).entries()) {
    const place = `${batch.name}, program ${index}`;
    const { status } = samples[index];
    count(counts, `${isWell[index] ? 'well' : 'ill'} ${status}`);
    if (status === 'converged' || status === 'stalled') {
      const error = kktError(batch.programs[index], point);
      keepWorst(counts, 'residual', error);
      expect(error, place).toBeLessThan(HONEST);
    }
    if (!isWell[index]) continue;
    for (const name of ['x', 'y', 's'] as const) {
      const off = relativeDistance(point[name], points[index][name]);
      keepWorst(counts, name, off);
      expect(off, `${place}, ${name}`).toBeLessThan(1e-4);
    }
  }
}

/** Gradients of each program in float64, from the solution of the device, and the certificate. */
async function checkExactGradients(
  solution: ConeSolution,
  batch: ConeTrialBatch,
  { cotangents, gradients, isWell }: Expected,
  counts: Counts,
): Promise<void> {
  const { samples } = await solution.certificate();
  const found = await solution.gradients(joinParts(cotangents));
  for (const [index, isJudged] of isWell.entries()) {
    const place = `${batch.name}, program ${index}`;
    expect(['certified', 'unknown', ...(isJudged ? [] : ['failed'])], place).toContain(samples[index].status);
    if (!isJudged) continue;
    count(counts, samples[index].status);
    for (const name of ['A', 'b', 'c'] as const) {
      const off = relativeDistance(found[index][name], gradients[index][name]);
      keepWorst(counts, 'gradient in float64', off);
      expect(off, `${place}, ${name}`).toBeLessThan(1e-3);
    }
  }
}

/** Gradients by a tape, in float32; those of shared data are the sums over the programs. */
async function checkTape(
  engine: Engine,
  batch: ConeTrialBatch,
  names: readonly DataName[],
  tensors: readonly Tensor[],
  { cotangents, gradients }: Expected,
  counts: Counts,
): Promise<void> {
  const { programs, isShared } = batch;
  const weights = joinParts(cotangents);
  const [wx, wy, ws] = (['x', 'y', 's'] as const).map((name) =>
    engine.tensor(weights[name], [programs.length, weights[name].length / programs.length]),
  );
  const [, found] = await valueAndGrad((...given: Tensor[]) => {
    const { x, y, s } = solveOn(batch, names, given);
    return x.mul(wx).sum().add(y.mul(wy).sum()).add(s.mul(ws).sum());
  }, tensors);
  for (const [at, name] of names.entries()) {
    const numbers = await found[at].data();
    const { length } = programs[0][name];
    const isOne = isShared && (name === 'P' || name === 'A');
    for (const [index, own] of gradients.entries()) {
      if (isOne && index > 0) break;
      const wanted = isOne
        ? own[name].map((_, i) => gradients.reduce((sum, each) => sum + each[name][i], 0))
        : own[name];
      const off = relativeDistance(
        numbers.slice(isOne ? 0 : index * length, isOne ? length : (index + 1) * length),
        wanted,
      );
      keepWorst(counts, 'gradient', off);
      expect(off, `${batch.name}, program ${index}, ${name}`).toBeLessThan(1e-3);
    }
    found[at].dispose();
  }
  for (const weight of [wx, wy, ws]) weight.dispose();
}
