/** Weighted least squares as a differentiable function (Gould, Hartley & Campbell 2021, section 4). */
import { readOptions } from '../../arguments/options.ts';
import type { Interruptible } from '../../backends/event-loop.ts';
import { dot } from '../../solvers/matrices.ts';
import { TENSOR, type Tensor } from '../../tensor/tensor.ts';
import type { Known, SampleCertificate } from '../certificate.ts';
import { lastAxes, readNodeArguments, refuseWeights } from './arguments.ts';
import { applyColumns, applyRows, columnScales, decompose, rowScales, type SingularTriples } from './linear-fit.ts';
import type { NodeDerivative, NodeExamination, NodeSample } from './node.ts';
import { NODE_OPTIONS, type NodeOptions, nodeSettings } from './options.ts';
import { type NodeSolution, solveNode } from './solve-node.ts';

/** The options of `weightedLeastSquares`. */
export interface WeightedLeastSquaresOptions extends NodeOptions {
  /** ω ≥ 0, [m] or [.., m]; each sample needs one > 0. Default 1. */
  weights?: Tensor;
}

/** What `weightedLeastSquares` returns. A sample is certified if and only if AᵀΩA is positive definite. */
export interface WeightedLeastSquares extends NodeSolution {
  /** [n] or [.., n]. Reading it awaits the report. */
  readonly beta: Tensor;
}

/**
 * Minimises Σ ωᵢ(yᵢ − (Aβ)ᵢ)² over β and differentiates β in A, y and the weights. Where AᵀΩA is singular, β is the
 * minimiser of least norm, and a gradient is refused. It is solved by the singular values of Ω^½A, by the host in float64
 * on every backend.
 *
 * Returns at once. Reading beta, or anything computed from it, rejects with a RangeError where a number of an argument is
 * not finite or a weight is negative, and with the signal's reason once the signal is aborted.
 * @param A [m, n] for all samples, or [.., m, n]
 * @param y [m] or [.., m]
 * @throws RangeError if a shape or an option is wrong; the signal's reason if the signal is aborted already
 */
export function weightedLeastSquares(A: Tensor, y: Tensor, given?: WeightedLeastSquaresOptions): WeightedLeastSquares {
  const what = 'weightedLeastSquares';
  const options = readOptions(what, given, { ...NODE_OPTIONS, weights: TENSOR });
  const [m, n] = lastAxes(`${what}: A`, A, 2);
  lastAxes(`${what}: y`, y, 1);
  const { weights } = options;
  const read = readNodeArguments(what, { A: [A, [m, n]], y: [y, [m]], weights: weights && [weights, [m]] });
  const { tensors, solution } = solveNode(read, [{ shape: [n], width: n }], {
    what,
    settings: nodeSettings(options, TOLERANCE),
    solver: 'singular values',
    examined: 'AᵀΩA',
    singular:
      'AᵀΩA is singular, so that beta is not unique; leave out columns of A, give more rows a weight > 0, or add rows √ρ·I to A and zeros to y',
    selection: 0,
    unsolved: 'The rows differ too much in size: scale them, or their weights',
    isSelected: false,
    *solve([rows, right, omega = new Float64Array(m).fill(1)], sample) {
      refuseWeights(what, omega, sample);
      return yield* solveSample({ rows, right, omega, m, n, epsilon: read.engine.epsilon }, weights !== undefined);
    },
  });
  return { beta: tensors[0], ...solution };
}

const TOLERANCE = 1e-9;
/** Units of max(m, n)·ε below which a singular value is 0 up to rounding, and below which it may be. */
const [ZERO, DOUBTFUL] = [4, 64];

interface Fit {
  /** A with scaled columns, row by row: AD. */
  readonly rows: Float64Array;
  /** D */
  readonly scales: Float64Array;
  readonly right: Float64Array;
  /** ω relative to the greatest, which changes no solution. */
  readonly omega: Float64Array;
  /** The greatest weight. */
  readonly weight: number;
  /** The number of weights > 0. */
  readonly counted: number;
  readonly m: number;
  readonly n: number;
  /** ε of the backend. */
  readonly epsilon: number;
}

/**
 * Columns are scaled to a like size. The singular values of Ω^½AD then tell dependent columns from such as differ in size,
 * which rounding does not make dependent.
 */
function* solveSample(
  { rows: given, right, omega: weights, ...extents }: Omit<Fit, 'scales' | 'weight' | 'counted'>,
  hasWeights: boolean,
): Interruptible<NodeSample> {
  const { m, n } = extents;
  const weight = weights.reduce((most, each) => Math.max(most, each), 0);
  const omega = weights.map((each) => each / weight);
  const roots = omega.map(Math.sqrt);
  const weighted = given.map((value, at) => value * roots[Math.floor(at / n)]);
  const scales = columnScales(weighted, n);
  const rows = given.map((value, at) => value * scales[at % n]);
  const counted = weights.filter((each) => each > 0).length;
  const fit: Fit = { rows, scales, right, omega, weight, counted, ...extents };
  const triples = yield* decompose(
    weighted.map((value, at) => value * scales[at % n]),
    m,
    n,
  );
  const isRegular = triples.values[0] > cutOf(triples, m, n, ZERO);
  const rootRight = right.map((value, i) => value * roots[i]);
  // The least norm is that of β, and not of D⁻¹β.
  const beta = isRegular
    ? leastNorm(triples, rootRight, m, n).map((value, j) => value * scales[j])
    : leastNorm(yield* decompose(weighted, m, n), rootRight, m, n);
  const residuals = applyRows(given, beta, m).map((value, i) => right[i] - value);
  const left = applyColumns(
    rows,
    residuals.map((value, i) => value * omega[i]),
    n,
  );
  const size = applyColumns(
    rows.map(Math.abs),
    right.map((value, i) => Math.abs(value) * omega[i]),
    n,
  );
  const largest = (numbers: Float64Array): number => numbers.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const residual = largest(left) / (largest(size) || 1);
  const isDependent = !isRegular && (yield* areColumnsDependent(given, weights, m, n));
  return {
    row: beta,
    isSolved: residual <= TOLERANCE,
    iterations: 1,
    residual,
    differentiate: () => differentiate(fit, triples, beta, residuals, hasWeights),
    examine: () => examine(fit, triples, isDependent),
  };
}

/** Whether the columns are dependent on the rows that count, whatever the sizes of rows, weights and columns are. */
function* areColumnsDependent(rows: Float64Array, omega: Float64Array, m: number, n: number): Interruptible<boolean> {
  const byRow = rowScales(rows, m, n).map((scale, i) => (omega[i] > 0 ? scale : 0));
  const alike = rows.map((value, at) => value * byRow[Math.floor(at / n)]);
  const scales = columnScales(alike, n);
  const triples = yield* decompose(
    alike.map((value, at) => value * scales[at % n]),
    m,
    n,
  );
  return !(triples.values[0] > cutOf(triples, m, n, ZERO));
}

/** Which singular values count as 0. */
function cutOf({ values }: SingularTriples, m: number, n: number, units: number): number {
  return units * Math.max(m, n) * Number.EPSILON * values[n - 1];
}

/** Σ vⱼ(uⱼᵀb)/σⱼ over the singular values that are not 0. */
function leastNorm(triples: SingularTriples, b: Float64Array, m: number, n: number): Float64Array {
  const cut = cutOf(triples, m, n, ZERO);
  const beta = new Float64Array(n);
  for (const [j, value] of triples.values.entries()) {
    if (value <= cut) continue;
    const share = dot(triples.images[j], b) / value / value;
    for (let k = 0; k < n; k++) beta[k] += share * triples.right[j][k];
  }
  return beta;
}

/** (DSD)⁻¹v with S = AᵀΩA and DSD = VΣ²Vᵀ. */
function solveNormal({ values, right }: SingularTriples, v: Float64Array): Float64Array {
  const u = new Float64Array(v.length);
  for (const [j, value] of values.entries()) {
    const share = dot(right[j], v) / value / value;
    for (let k = 0; k < v.length; k++) u[k] += share * right[j][k];
  }
  return u;
}

/** With Su = v and r = y − Aβ: ω̄ = (Au)∘r, ȳ = ω∘Au, Ā = (ω∘r)uᵀ − (ω∘Au)βᵀ. */
function differentiate(
  { rows, scales, omega, weight, m, n }: Fit,
  triples: SingularTriples,
  beta: Float64Array,
  residuals: Float64Array,
  hasWeights: boolean,
): NodeDerivative {
  const singular = !(triples.values[0] > cutOf(triples, m, n, ZERO));
  const weighted = residuals.map((value, i) => value * omega[i]);
  const scaled = (v: Float64Array): Float64Array => v.map((value, j) => value * scales[j]);
  return {
    residual: 0,
    singular,
    pull(v) {
      // D⁻¹u
      const t = singular ? v.map(() => Number.NaN) : solveNormal(triples, scaled(v));
      const moved = applyRows(rows, t, m);
      const u = scaled(t);
      const inY = moved.map((value, i) => value * omega[i]);
      const inA = rows.map((_, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        return weighted[i] * u[j] - inY[i] * beta[j];
      });
      return [inA, inY, ...(hasWeights ? [moved.map((value, i) => (value * residuals[i]) / weight)] : [])];
    },
    push([inA, inY, inWeights]) {
      // Sβ̇ = Aᵀ(Ω(ẏ − Ȧβ) + ω̇∘r) + ȦᵀΩr
      const shift = new Float64Array(m);
      const bent = inA ? applyRows(inA, beta, m) : undefined;
      for (let i = 0; i < m; i++) {
        shift[i] = omega[i] * ((inY?.[i] ?? 0) - (bent?.[i] ?? 0)) + ((inWeights?.[i] ?? 0) / weight) * residuals[i];
      }
      const v = applyColumns(rows, shift, n);
      if (inA) for (const [j, value] of applyColumns(inA, weighted, n).entries()) v[j] += value * scales[j];
      return singular ? v.map(() => Number.NaN) : scaled(solveNormal(triples, v));
    },
  };
}

function examine(fit: Fit, triples: SingularTriples, isDependent: boolean): NodeExamination {
  const { epsilon, n } = fit;
  const { values } = triples;
  const [smallest, largest] = [values[0], values[n - 1]];
  const relative = largest > 0 ? (smallest / largest) ** 2 : 0;
  const nearlySingular = relative < 1000 * epsilon;
  const certificate: SampleCertificate = {
    ...judge(fit, triples, isDependent),
    kinks: 0,
    kinkTolerance: 0,
    nearlySingular,
    nearest: { smallestSingularValue: smallest ** 2, relativeSingularValue: relative, nearlySingular },
    exact: true,
  };
  return { certificate, places: [] };
}

function judge({ counted, m, n }: Fit, triples: SingularTriples, isDependent: boolean): Known {
  const argument = 'cholesky';
  const [smallest] = triples.values;
  if (counted < n) {
    return {
      status: 'failed',
      argument,
      reason: `${counted} rows have a weight > 0, fewer than the ${n} columns of A`,
    };
  }
  const found = `the least singular value of Ω^½A with columns of like size is ${smallest}`;
  if (isDependent) {
    return { status: 'failed', argument, reason: `the columns of A are dependent on the rows of weight > 0: ${found}` };
  }
  if (!(smallest > cutOf(triples, m, n, DOUBTFUL))) {
    return { status: 'unknown', argument, reason: `${found}, which rounding does not tell from 0` };
  }
  return { status: 'certified', argument, reason: `AᵀΩA is positive definite: ${found}` };
}
