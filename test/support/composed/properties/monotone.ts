/** z = σ(Wz + b) with planted solutions and kinks: all statements of a monotone layer are true, at every tolerance. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { Tape } from '../../../../src/autodiff/tape.ts';
import type { BackendName } from '../../../../src/backends/backend.ts';
import { type MonotoneSolution, monotoneFixedPoint } from '../../../../src/implicit/monotone.ts';
import type { MonotoneOptions } from '../../../../src/implicit/options.ts';
import { monotoneMap, monotoneMatrix } from '../../../../src/implicit/parametrisation.ts';
import type { ActivationOption } from '../../../../src/solvers/activations.ts';
import type { Engine } from '../../../../src/tensor/engine.ts';
import type { Scope } from '../../../../src/tensor/scope.ts';
import type { Tensor } from '../../../../src/tensor/tensor.ts';
import { BEND_NAMES, type Bend, bendValue, createBend, isPlantedLeft } from '../bends.ts';
import { isKink } from '../derivatives.ts';
import type { Problem } from '../graph.ts';
import { casesOn, describeProperty, expectNear, isSingle, type Load } from '../property.ts';
import { Truth } from '../truth.ts';

interface Layer {
  readonly problem: Problem;
  readonly A: readonly number[];
  readonly B: readonly number[];
  readonly W: readonly number[];
  /** The margin by construction; I − W may be more monotone. */
  readonly margin: number;
  readonly bend: Bend;
  readonly b: readonly number[];
  readonly z: readonly number[];
  readonly v: readonly number[];
}

const SIDES = [0, 0, 1, -1, 2, -2];

/** W = (1 − m)I − AᵀA + B − Bᵀ of dyadic numbers, with pre-activations at kinks or well away from them. */
const layersOf = (margins: readonly number[]): fc.Arbitrary<Layer> =>
  fc
    .record({
      n: fc.integer({ min: 1, max: 4 }),
      batch: fc.integer({ min: 1, max: 3 }),
      A: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 16, maxLength: 16 }),
      B: fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 16, maxLength: 16 }),
      margin: fc.constantFrom(...margins),
      name: fc.constantFrom(...BEND_NAMES.filter((name) => name !== 'abs')),
      sides: fc.array(fc.constantFrom(...SIDES), { minLength: 12, maxLength: 12 }),
      v: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 12, maxLength: 12 }),
    })
    .map(({ n, batch, margin, name, sides, ...drawn }) => {
      const A = drawn.A.slice(0, n * n).map((entry) => entry / 4);
      const B = drawn.B.slice(0, n * n).map((entry) => entry / 4);
      const W = A.map((_, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        const gram = A.reduce((sum, entry, place) => (place % n === i ? sum + entry * A[place - i + j] : sum), 0);
        return (i === j ? 1 - margin : 0) - gram + B[at] - B[j * n + i];
      });
      const shape = createBend(name, 1, 0.5);
      const u = Array.from({ length: batch }, (_, row) =>
        Array.from({ length: n }, (__, j) => target(shape, sides[row * n + j], row + j)),
      );
      const z = u.map((row) => row.map((x) => bendValue(shape, x)));
      const b = u.flatMap((row, r) => row.map((x, i) => z[r].reduce((sum, entry, j) => sum - W[i * n + j] * entry, x)));
      const problem: Problem = {
        ...{ n, batch, form: 'fixed point', isCoupled: false, own: 0, factor: 1, scale: 1 },
        nodes: [
          { kind: 'unknown', layout: 0 },
          { kind: 'linear', of: 0, matrix: 0, exponent: 0, layout: 0 },
          { kind: 'bend', of: 1, shift: 1, bend: shape, layout: 0 },
        ],
        inputs: [
          { name: 'matrix', shape: [n, n], values: W },
          { name: 'shift', shape: [batch, n], values: b },
          { name: 'shift', shape: [batch, n], values: b.map(() => 0) },
        ],
        values: [z, z.map((row) => row.map((_, i) => row.reduce((sum, entry, j) => sum + W[i * n + j] * entry, 0))), z],
        ...{ lipschitz: Number.POSITIVE_INFINITY, isExactInSingle: true },
      };
      return { problem, A, B, W, margin, bend: shape, b, z: z.flat(), v: drawn.v.slice(0, n * batch) };
    });

const layers = layersOf([0.5, 1, 0.25, 0.125]);

function target(shape: Bend, side: number, place: number): number {
  const { positions } = shape;
  if (side === 0) return positions[place % positions.length];
  if (side < 0 && isPlantedLeft(shape)) return positions[0] + side / 4;
  return (positions.at(-1) as number) + Math.abs(side) / 4;
}

function activationOf({ name, parameters: [first, second] }: Bend): ActivationOption {
  switch (name) {
    case 'softThreshold':
      return { name, threshold: first };
    case 'leakyRelu':
      return { name, slope: first };
    case 'elu':
      return { name, alpha: first };
    case 'clip':
      return { name, low: first, high: second };
    default:
      return 'relu';
  }
}

type Way = 'matrix' | 'monotoneMatrix' | 'monotoneMap';

/** The solution, and the tensors to differentiate for: b, then W, or A, B and, if it is a tensor, m. */
function solve(
  scope: Scope,
  { problem, A, B, W, margin, bend: shape, b }: Layer,
  way: Way,
  tape: Tape,
  options: Partial<MonotoneOptions>,
) {
  const { n, batch } = problem;
  const watched = (values: readonly number[], size: readonly number[]): Tensor =>
    tape.watch(scope.tensor(values, size));
  const bias = watched(b, [batch, n]);
  const settings = { activation: activationOf(shape), ...options };
  if (way === 'matrix') {
    const matrix = watched(W, [n, n]);
    return { solution: monotoneFixedPoint(matrix, bias, { margin, ...settings }), inputs: [bias, matrix] };
  }
  const [a, skew] = [watched(A, [n, n]), watched(B, [n, n])];
  if (way === 'monotoneMap') {
    return { solution: monotoneFixedPoint(monotoneMap(a, skew, margin), bias, settings), inputs: [bias, a, skew] };
  }
  const m = watched([margin], [1]);
  return {
    solution: monotoneFixedPoint(monotoneMatrix(a, skew, m), bias, { margin, ...settings }),
    inputs: [bias, a, skew, m],
  };
}

/** The gradients of the parameters from G = ∂ℓ/∂W: −A(G + Gᵀ), G − Gᵀ and −tr G. */
function parameterGradients(G: readonly number[], A: readonly number[], n: number): number[][] {
  const at = (i: number, j: number): number => G[i * n + j];
  const each = (f: (i: number, j: number) => number): number[] =>
    A.map((_, index) => f(Math.floor(index / n), index % n));
  const ofA = each(
    (i, j) => -A.slice(i * n, (i + 1) * n).reduce((sum, entry, l) => sum + entry * (at(l, j) + at(j, l)), 0),
  );
  const trace = A.reduce((sum, _, index) => (index % (n + 1) === 0 ? sum + G[index] : sum), 0);
  return [ofA, each((i, j) => at(i, j) - at(j, i)), [-trace]];
}

export function checkMonotoneLayers(load: Load, engine: () => Promise<Engine>, backend: BackendName): void {
  const single = isSingle(backend);
  const cases = casesOn(backend, 100);
  const tolerances = fc.integer({ min: 2, max: single ? 6 : 12 }).map((power) => 10 ** -power);
  const ways = fc.constantFrom<Way>('matrix', 'monotoneMatrix', 'monotoneMap');
  const solvers = fc.constantFrom('auto', 'peaceman-rachford', 'forward-backward', 'anderson-picard+peaceman-rachford');
  const withTape = async (body: (scope: Scope, tape: Tape) => Promise<void>): Promise<void> =>
    (await engine()).tidy(async (scope) => {
      const tape = new Tape();
      try {
        await body(scope, tape);
      } finally {
        tape.dispose();
      }
    });

  describeProperty(
    load,
    `layers: at every tolerance a selection gives the gradient of its element, on ${backend}`,
    fc.tuple(layers, tolerances, fc.constantFrom(0, 1, 0.5, 0.25), ways, solvers),
    cases,
    ([layer, tolerance, q, way, solver]) =>
      withTape(async (scope, tape) => {
        const { problem, z, v } = layer;
        const { n, batch } = problem;
        const truth = new Truth(problem);
        const [ofW, ofB] = truth.gradients(v, () => q) ?? [];
        const options = { tolerance, selection: q, backwardTolerance: single ? 1e-6 : 1e-12, limit: 20_000 };
        const { solution, inputs } = solve(scope, layer, way, tape, { ...options, solver } as Partial<MonotoneOptions>);
        const gradients = tape.pullback(solution.z, inputs, scope.tensor(v, [batch, n]));
        const [first, ...rest] = await Promise.all(gradients.map((gradient) => gradient.data()));
        expectNear(first, ofB, single ? 1e-3 : 1e-9, 'b');
        const size = Math.hypot(...z);
        const wanted = way === 'matrix' ? [ofW] : parameterGradients(ofW, layer.A, n);
        for (const [place, gradient] of rest.entries()) {
          // Their error is bounded by the margin, like that of z.
          const slack =
            (100 * (tolerance + (single ? 1e-6 : 1e-13)) * (1 + size) * Math.hypot(...ofB, 1)) / layer.margin;
          for (const [at, value] of gradient.entries())
            expect(Math.abs(value - wanted[place][at])).toBeLessThan(slack * 4);
        }
      }),
  );

  describeProperty(
    load,
    `layers: z is as near to the solution as the report says, on ${backend}`,
    fc.tuple(layersOf([1, 0.25, 2 ** -7, single ? 2 ** -12 : 2 ** -30]), tolerances, ways, solvers),
    cases,
    ([layer, tolerance, way, solver]) =>
      withTape(async (scope, tape) => {
        const { n, batch } = layer.problem;
        const options = { tolerance, limit: 3000, solver, onFailure: 'report' } as Partial<MonotoneOptions>;
        const { solution } = solve(scope, layer, way, tape, options);
        const [z, { samples }] = await Promise.all([solution.z.data(), solution.report]);
        const { epsilon } = await engine();
        for (let sample = 0; sample < batch; sample++) {
          const own = (values: ArrayLike<number>): number[] =>
            Array.from({ length: n }, (_, j) => values[sample * n + j]);
          const error = Math.hypot(...own(z).map((value, j) => value - own(layer.z)[j]));
          // As documented, relative to ε + ‖z‖. The bound itself is rounded.
          expect(error).toBeLessThanOrEqual(
            samples[sample].errorBound * (1 + 1e-3) * (epsilon + Math.hypot(...own(z))),
          );
        }
      }),
  );

  describeProperty(
    load,
    `layers: every kink is reported once it is resolved, on ${backend}`,
    fc.tuple(layers, tolerances),
    cases,
    ([layer, tolerance]) =>
      withTape(async (scope, tape) => {
        const kinks = new Truth(layer.problem).units.filter(isKink);
        const { n, batch } = layer.problem;
        const { solution, inputs } = solve(scope, layer, 'matrix', tape, { tolerance, selection: 0.5 });
        const gradients = tape.pullback(solution.z, inputs, scope.tensor(layer.v, [batch, n]));
        await Promise.all(gradients.map((gradient) => gradient.data()));
        const [{ certificate }] = await Promise.all(solution.backwardReports);
        const found = certificate.kinks.map(({ sample, index }) => `${sample} ${index}`).sort();
        expect(found).toEqual(kinks.map(({ sample, feature }) => `${sample} ${feature}`).sort());
        expect(certificate.status).toBe('certified');
      }),
  );

  describeProperty(
    load,
    `layers: a margin that W does not have certifies nothing, on ${backend}`,
    fc.tuple(layers, fc.constantFrom(-1, -0.25, 0, 0.125, 0.5, 1), fc.constantFrom(0.125, 0.5, 1)),
    casesOn(backend, 40),
    ([layer, m, stated]) =>
      withTape(async (scope) => {
        const { n, batch } = layer.problem;
        // With a diagonal A, I − (W + Wᵀ)/2 = mI + AᵀA has the least eigenvalue m + min a².
        const diagonal = layer.A.map((entry, at) => (at % (n + 1) === 0 ? entry : 0));
        const least = m + Math.min(...diagonal.filter((_, at) => at % (n + 1) === 0).map((entry) => entry * entry));
        const certified = async (): Promise<MonotoneSolution> => {
          const W = monotoneMatrix(
            scope.tensor(diagonal, [n, n]),
            scope.tensor(layer.B, [n, n]),
            scope.tensor([m], [1]),
          );
          return monotoneFixedPoint(W, scope.tensor(layer.b, [batch, n]), {
            activation: 'relu',
            margin: stated,
            onFailure: 'report',
          });
        };
        let status: string;
        try {
          const solution = await certified();
          await solution.report;
          ({ status } = await solution.certificate());
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          return;
        }
        if (status === 'certified') expect(least).toBeGreaterThan(0);
      }),
  );
}
