/**
 * Degenerate cone programs: certificates beside the singular values of M(J) at both ends of the Jacobian and between
 * them, and gradients beside differences from both sides.
 */
import { expect } from 'vitest';
import { type Random, random } from '../../src/data/random.ts';
import {
  type ConeCertificate,
  coneProgram,
  type Engine,
  type SampleConeGradients,
  type Tensor,
  valueAndGrad,
} from '../../src/index.ts';
import { dualOf } from '../../src/solvers/cones/cone.ts';
import { projectOntoCones } from '../../src/solvers/cones/projections/project.ts';
import { residualJacobian, singularRange } from './cone-checks.ts';
import {
  arraysOf,
  type Cotangent,
  cotangentsFor,
  DATA,
  directionsFor,
  type Numbers,
  pointsOf,
  rounded,
  solveTensors,
  tensorsOf,
} from './cone-data.ts';
import { elementWith } from './cone-projections.ts';
import {
  type Counts,
  centralDifferences,
  compare,
  count,
  derivativeAlong,
  keepWorst,
  lossOf,
  solveMoved,
} from './cone-trials.ts';
import { type DegenerateProgram, degenerateProgram } from './degenerate-cones.ts';
import type { PlantedConeProgram } from './planted-cone-programs.ts';

/** How far the planted solution may be from a kink and count as at it: rounding. */
const AT = 1e-12;
const SINGULAR = 1e-11;
const REGULAR = 1e-7;
const BETWEEN = 6;

interface Truth {
  /** The least σ_min/σ_max of M over J_min and J_max. */
  readonly ends: number;
  /** Of random elements between. */
  readonly between: number;
  readonly kinks: number;
  readonly isOfSegments: boolean;
}

function multiplyDense(A: readonly number[][], B: readonly number[][]): number[][] {
  return A.map((row) => B[0].map((_, j) => row.reduce((sum, value, k) => sum + value * B[k][j], 0)));
}

/** A random symmetric matrix between 0 and I. */
function randomShare(m: number, draws: Random): number[][] {
  const F = Array.from({ length: m }, () => Array.from({ length: m }, () => draws.normal()));
  const { most } = singularRange(F);
  const size = draws.uniform();
  return F.map((row) =>
    F.map((other) => (size * row.reduce((sum, value, k) => sum + value * other[k], 0)) / most ** 2),
  );
}

/** M(J) at the planted solution: J_min, J_max, and J_min + DRD with D = J_max − J_min, a projection, and 0 ⪯ R ⪯ I. */
function truthOf(program: PlantedConeProgram, draws: Random): Truth {
  const { m, blocks, y, s } = program;
  const projection = projectOntoCones(
    blocks.map(dualOf),
    y.map((value, i) => value - s[i]),
    () => AT,
  );
  const [low, high] = [elementWith(projection, 0), elementWith(projection, 1)];
  const ratioOf = (J: readonly number[][]): number => {
    const { least, most } = singularRange(residualJacobian(program, J));
    return least / most;
  };
  const D = high.map((row, i) => row.map((value, j) => value - low[i][j]));
  const square = multiplyDense(D, D);
  expect(Math.max(...square.flatMap((row, i) => row.map((value, j) => Math.abs(value - D[i][j]))))).toBeLessThan(1e-9);
  const between = Array.from({ length: projection.kinks.length > 0 ? BETWEEN : 0 }, () => {
    const R = multiplyDense(multiplyDense(D, randomShare(m, draws)), D);
    return ratioOf(low.map((row, i) => row.map((value, j) => value + R[i][j])));
  });
  return {
    ends: Math.min(ratioOf(low), ratioOf(high)),
    between: Math.min(...between, Number.POSITIVE_INFINITY),
    kinks: projection.kinks.length,
    isOfSegments: projection.kinks.every(({ kind }) => kind === 'segment'),
  };
}

export async function checkDegenerate(engine: Engine, seeds: readonly number[]): Promise<Counts> {
  const counts: Counts = {};
  for (const seed of seeds) await checkOne(engine, degenerateProgram(seed), random(seed).fork('check'), counts);
  return counts;
}

async function checkOne(
  engine: Engine,
  { kind, name, program }: DegenerateProgram,
  draws: Random,
  counts: Counts,
): Promise<void> {
  const truth = truthOf(program, draws);
  const batch = { programs: [program], isShared: false };
  const solution = coneProgram({
    engine,
    ...arraysOf(batch),
    cones: program.cones,
    onFailure: 'report',
    onFailedCertificate: 'ignore',
  });
  const [{ status }] = (await solution.report).samples;
  expect(['converged', 'stalled'], name).toContain(status);
  const [certificate] = (await solution.certificate()).samples;
  count(counts, `${kind} ${certificate.status}`);
  count(counts, certificate.status);
  judgeCertificate(certificate, truth, name, counts);
  const [point] = pointsOf(await solution.values(), [program]);
  if (certificate.status === 'certified') {
    // Then it is unique.
    const off = Math.max(
      ...(['x', 'y', 's'] as const).flatMap((part) =>
        Array.from(point[part], (value, i) => Math.abs(value - program[part][i])),
      ),
    );
    keepWorst(counts, 'distance', off);
    expect(off, name).toBeLessThan(1e-5);
    expect(certificate.kinks, name).toBe(truth.kinks);
  }
  const [all] = cotangentsFor(batch, draws);
  const [direction] = directionsFor(batch, draws);
  // Of a loss in x alone the gradients in P and c are determined even where y is not.
  const ofX = { x: all.x, y: new Float64Array(program.m), s: new Float64Array(program.m) };
  for (const cotangent of [all, ofX]) {
    const [gradients] = await solution.gradients(cotangent);
    const { determined } = gradients;
    for (const each of DATA) {
      const isNumber = gradients[each].every((value) => Number.isFinite(value));
      const isRefused = gradients[each].every((value) => Number.isNaN(value));
      expect(determined[each] ? isNumber : isRefused, `${name}, ${each}`).toBe(true);
    }
    if (determined.c && !determined.b) count(counts, 'in part');
    if (truth.kinks === 0) {
      await compareSmooth(engine, program, { gradients, cotangent, direction, point }, name, counts);
    }
  }
  solution.dispose();
  if (certificate.status === 'certified' && truth.isOfSegments) {
    await compareSides(engine, program, { cotangent: all, direction, point }, certificate, name, counts);
  }
}

/** What is certified is regular at the planted solution, and what is regular there does not fail. */
function judgeCertificate({ status, reason }: ConeCertificate, truth: Truth, name: string, counts: Counts): void {
  const place = `${name}: ${status}, σ ${truth.ends} and ${truth.between}: ${reason}`;
  if (truth.ends > SINGULAR && truth.ends < REGULAR) {
    count(counts, 'unjudged');
    return;
  }
  const isRegular = truth.ends >= REGULAR;
  count(counts, isRegular ? 'regular' : 'singular');
  if (isRegular) expect(truth.between, place).toBeGreaterThan(REGULAR / 100);
  expect(status, place).not.toBe(isRegular ? 'failed' : 'certified');
}

interface Given {
  readonly cotangent: Cotangent;
  readonly direction: Numbers;
  readonly point: Cotangent;
}

/** Where there is no kink, what is determined is the derivative. */
async function compareSmooth(
  engine: Engine,
  program: PlantedConeProgram,
  { gradients, cotangent, direction, point }: Given & { readonly gradients: SampleConeGradients },
  name: string,
  counts: Counts,
): Promise<void> {
  const zero = Object.fromEntries(DATA.map((each) => [each, new Float64Array(direction[each].length)]));
  const determined = DATA.filter((each) => gradients.determined[each]);
  if (determined.length === 0) return;
  const along = {
    ...zero,
    ...Object.fromEntries(determined.map((each) => [each, direction[each]])),
  } as unknown as Numbers;
  const [difference] = await centralDifferences(
    engine,
    { programs: [program], isShared: false },
    [cotangent],
    [along],
    [point],
  );
  compare(counts, derivativeAlong(gradients, along), difference, name);
}

const SEGMENTS = 3;
const STEPS = [1e-4, 1e-5, 1e-6, 1e-7];

/** At segments the derivative from each side is a tangent with each of them at one of its ends. */
async function compareSides(
  engine: Engine,
  program: PlantedConeProgram,
  { cotangent, direction, point }: Given,
  { kinkRows }: ConeCertificate,
  name: string,
  counts: Counts,
): Promise<void> {
  if (kinkRows.length > SEGMENTS || kinkRows.length === 0) return;
  const batch = { programs: [program], isShared: false };
  const tangents: number[] = [];
  for (let vertex = 0; vertex < 2 ** kinkRows.length; vertex++) {
    const selection = new Array<number>(program.m).fill(0);
    for (const [place, row] of kinkRows.entries()) selection[row] = (vertex >> place) & 1;
    const solution = coneProgram({
      engine,
      ...arraysOf(batch),
      cones: program.cones,
      selection,
      onFailedCertificate: 'ignore',
    });
    const [tangent] = await solution.tangents(arraysOf({ ...batch, programs: [{ ...program, ...direction }] }));
    const [gradients] = await solution.gradients(cotangent);
    solution.dispose();
    const value = lossOf(tangent, cotangent);
    const along = derivativeAlong(gradients, direction);
    expect(Math.abs(value - along.value), name).toBeLessThan(1e-7 * (1 + along.terms));
    tangents.push(value);
  }
  for (const side of [1, -1]) {
    let best = Number.POSITIVE_INFINITY;
    for (const step of STEPS) {
      const at = async (factor: number): Promise<number> =>
        (await solveMoved(engine, batch, [cotangent], [direction], factor * side * step, [point]))[0].loss;
      const [base, near, far] = [await at(0), await at(1), await at(2)];
      const slope = (4 * near - far - 3 * base) / (2 * side * step);
      for (const value of tangents) best = Math.min(best, Math.abs(slope - value) / (1 + Math.abs(value)));
    }
    keepWorst(counts, 'side', best);
    count(counts, 'sides');
    expect(best, `${name}, side ${side}`).toBeLessThan(1e-4);
  }
}

/**
 * Gradients by a tape, where a failed certificate is an error: none is returned of a program whose certificate fails.
 * On a device with splitting the programs are solved and differentiated there.
 */
export async function checkRefusals(
  engine: Engine,
  seeds: readonly number[],
  solver: 'interior-point' | 'splitting',
): Promise<Counts> {
  const counts: Counts = {};
  for (const seed of seeds) {
    const { name, program } = degenerateProgram(seed);
    const batch = { name, programs: [program], isShared: true };
    const { names, tensors } = tensorsOf(engine, engine.epsilon > 1e-10 ? rounded(batch) : batch);
    const [cotangent] = cotangentsFor(batch, random(seed).fork('tape'));
    const weights = (['x', 'y', 's'] as const).map((part) => engine.tensor(cotangent[part]));
    let status = '';
    const reading = valueAndGrad((...given: Tensor[]) => {
      const data = Object.fromEntries(names.map((each, index) => [each, given[index]]));
      const solution = solveTensors(data, program.cones, { solver, onFailedCertificate: 'throw' });
      const { x, y, s } = solution;
      void solution.certificate().then((known) => {
        status = known.status;
      });
      return [x, y, s]
        .map((part, index) => part.reshape([part.size]).mul(weights[index]).sum())
        .reduce((a, b) => a.add(b));
    }, tensors);
    const outcome = await reading
      .then(async ([, gradients]) => {
        const numbers = await Promise.all(gradients.map((gradient) => gradient.data()));
        for (const gradient of gradients) gradient.dispose();
        return numbers.every((each) => each.every((value) => Number.isFinite(value))) ? 'numbers' : 'NaN';
      })
      .catch((error: Error) => error.name);
    count(counts, `${status || 'not examined'}: ${outcome}`);
    if (outcome === 'numbers') expect(['certified', 'unknown'], `${name}: ${status}`).toContain(status);
    else expect(outcome, name).not.toBe('NaN');
    await engine.idle();
    for (const tensor of [...tensors, ...weights]) tensor.dispose();
  }
  return counts;
}
