/** Total least squares as a differentiable function: the direction that a matrix shrinks most. */
import { readOptions } from '../../arguments/options.ts';
import type { Interruptible } from '../../backends/event-loop.ts';
import { dot } from '../../solvers/matrices.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Known, SampleCertificate } from '../certificate.ts';
import { lastAxes, readNodeArguments } from './arguments.ts';
import { applyColumns, applyRows, columnScales, decompose, type SingularTriples, scaleFor } from './linear-fit.ts';
import type { NodeDerivative, NodeExamination, NodeSample } from './node.ts';
import { NODE_OPTIONS, type NodeOptions, nodeSettings } from './options.ts';
import { type NodeSolution, solveNode } from './solve-node.ts';

/**
 * What `totalLeastSquares` returns. A sample is certified if and only if its two least singular values differ, and failed
 * too where the sign of x jumps.
 */
export interface TotalLeastSquares extends NodeSolution {
  /** Unit vectors, [n] or [.., n]. Reading them awaits the report. */
  readonly x: Tensor;
  /** ‖Mx‖², the least eigenvalue of MᵀM, [] or [..]. */
  readonly value: Tensor;
}

/**
 * Minimises ‖Mx‖² over ‖x‖ = 1, and differentiates x and the minimum in M. With M = (A, y), the fit Aβ ≈ y whose errors
 * are in A and in y is β = −x₁…ₙ₋₁/xₙ (G. Golub, C. Van Loan 1980). The largest entry of x, by absolute value, is
 * positive. Where two such entries of different sign tie, the sign of x jumps: a loss should be even in x, as β is. With
 * μ₀ < μ₁ ≤ … the eigenvalues of MᵀM and vⱼ its eigenvectors, ẋ = Σ_{j>0} vⱼvⱼᵀ(ṀᵀM + MᵀṀ)x/(μ₀ − μⱼ). It is solved by singular values, by the
 * host in float64 on every backend.
 *
 * Returns at once. Reading x, or anything computed from it, rejects with a RangeError where a number of M is not finite,
 * and with the signal's reason once the signal is aborted.
 * @param M [m, n] or [.., m, n]
 * @throws RangeError if a shape or an option is wrong; the signal's reason if the signal is aborted already
 */
export function totalLeastSquares(M: Tensor, given?: NodeOptions): TotalLeastSquares {
  const what = 'totalLeastSquares';
  const options = readOptions(what, given, NODE_OPTIONS);
  const [m, n] = lastAxes(`${what}: M`, M, 2);
  const read = readNodeArguments(what, { M: [M, [m, n]] });
  const outputs = [
    { shape: [n], width: n },
    { shape: [], width: 1 },
  ];
  const { tensors, solution } = solveNode(read, outputs, {
    what,
    settings: nodeSettings(options, TOLERANCE),
    solver: 'singular values',
    examined: 'the gap between the least singular values',
    singular: 'the least singular value of M is a double one, so that x may be any unit vector of a plane',
    selection: 0,
    unsolved: 'The rows differ too much in size: scale them',
    isSelected: false,
    *solve([numbers], sample) {
      const largest = numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      if (!Number.isFinite(m * n * largest * largest)) {
        throw new RangeError(`${what}: M, sample ${sample}, holds ${largest}; the sum of its squares must be finite`);
      }
      const scale = 1 / scaleFor(largest);
      return yield* solveSample({
        rows: numbers.map((value) => value / scale),
        scale,
        m,
        n,
        epsilon: read.engine.epsilon,
      });
    },
  });
  return { x: tensors[0], value: tensors[1], ...solution };
}

const TOLERANCE = 1e-9;
/** Units of max(m, n)·ε below which two singular values are equal up to rounding, and below which they may be. */
const [EQUAL, DOUBTFUL] = [4, 64];
/** Units of rounding within which entries of x tie up to rounding, and in the precision of the data. */
const [TIED, NEARLY_TIED] = [16, 64];
/** Where rounding is larger than this share, numbers within it do not look equal. */
const ALIKE = 1e-6;

interface Matrix {
  /** M, row by row, divided by `scale`. */
  readonly rows: Float64Array;
  /** A power of two near the largest entry of M, so that no square overflows or is lost. */
  readonly scale: number;
  readonly m: number;
  readonly n: number;
  /** ε of the backend. */
  readonly epsilon: number;
}

function* solveSample(matrix: Matrix): Interruptible<NodeSample> {
  const { rows, scale, m, n } = matrix;
  const triples = yield* decompose(rows, m, n);
  const found = triples.right[0];
  const largest = found.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
  const x = largest < 0 ? found.map((value) => -value) : found;
  const value = triples.values[0] ** 2;
  // ‖MᵀMx − μx‖, relative to the largest eigenvalue
  const image = applyColumns(rows, applyRows(rows, x, m), n);
  const defect = image.reduce((sum, each, j) => Math.max(sum, Math.abs(each - value * x[j])), 0);
  const residual = defect / (triples.values[n - 1] ** 2 || 1);
  const spread = yield* spreadOf(matrix);
  return {
    row: Float64Array.from([...x, value * scale * scale]),
    isSolved: residual <= TOLERANCE,
    iterations: 1,
    residual,
    differentiate: () => differentiate(matrix, triples, x, spread),
    examine: () => ({ certificate: examine(matrix, triples, x, spread), places: [] }) satisfies NodeExamination,
  };
}

/**
 * The condition number of M with columns of like size. Jacobi's rotations find each singular value up to this many ε of
 * its own size (J. Demmel, K. Veselić 1992), which tells small ones apart where columns differ in size.
 */
function* spreadOf({ rows, m, n }: Matrix): Interruptible<number> {
  const scales = columnScales(rows, n);
  const { values } = yield* decompose(
    rows.map((value, at) => value * scales[at % n]),
    m,
    n,
  );
  return values[0] > 0 ? values[n - 1] / values[0] : Number.POSITIVE_INFINITY;
}

/** The size of which rounding takes ε, for the two least singular values. */
function roundedSize({ values }: SingularTriples, spread: number): number {
  const largest = values[values.length - 1];
  return Number.isFinite(spread) ? Math.min(largest, spread * values[1]) : largest;
}

/** The distance of the two least singular values that rounding may make. */
function cutOf(triples: SingularTriples, { m, n }: Matrix, spread: number, units: number): number {
  return units * Math.max(m, n) * Number.EPSILON * roundedSize(triples, spread);
}

/** With z = Σ_{j>0} vⱼvⱼᵀx̄/(μ₀ − μⱼ): M̄ = M(zxᵀ + xzᵀ) + 2μ̄·Mxxᵀ. For M = scale·N, N has z·scale² and μ/scale². */
function differentiate(matrix: Matrix, triples: SingularTriples, x: Float64Array, spread: number): NodeDerivative {
  const { rows, scale, m, n } = matrix;
  const { values, right } = triples;
  const singular = n > 1 && !(values[1] - values[0] > cutOf(triples, matrix, spread, EQUAL));
  const resolve = (v: Float64Array): Float64Array => {
    const z = new Float64Array(n).fill(singular ? Number.NaN : 0);
    for (let j = 1; j < n; j++) {
      const share = dot(right[j], v) / ((values[0] - values[j]) * (values[0] + values[j]));
      for (let k = 0; k < n; k++) z[k] += share * right[j][k];
    }
    return z;
  };
  const image = applyRows(rows, x, m);
  return {
    residual: 0,
    singular,
    pull(cotangent) {
      const inValue = cotangent[n] * scale;
      const z = resolve(cotangent.subarray(0, n));
      const moved = applyRows(rows, z, m);
      return [
        rows.map((_, at) => {
          const [i, j] = [Math.floor(at / n), at % n];
          return (moved[i] * x[j] + image[i] * z[j]) / scale + 2 * inValue * image[i] * x[j];
        }),
      ];
    },
    push([inM]) {
      const moved = inM ? applyRows(inM, x, m) : new Float64Array(m);
      const bent = applyColumns(rows, moved, n);
      if (inM) for (const [j, value] of applyColumns(inM, image, n).entries()) bent[j] += value;
      return Float64Array.from([...resolve(bent).map((value) => value / scale), 2 * scale * dot(image, moved)]);
    },
  };
}

function examine(matrix: Matrix, triples: SingularTriples, x: Float64Array, spread: number): SampleCertificate {
  const { n, scale, epsilon } = matrix;
  const { values } = triples;
  const largest = n > 1 ? roundedSize(triples, spread) ** 2 : values[0] ** 2;
  const gap = n > 1 ? (values[1] - values[0]) * (values[1] + values[0]) : largest;
  const relative = largest > 0 ? gap / largest : 0;
  const nearlySingular = relative < 1000 * epsilon;
  return {
    ...judge(matrix, triples, x, spread, gap),
    kinks: 0,
    kinkTolerance: 0,
    nearlySingular,
    nearest: { smallestSingularValue: gap * scale * scale, relativeSingularValue: relative, nearlySingular },
    exact: true,
  };
}

function judge(matrix: Matrix, triples: SingularTriples, x: Float64Array, spread: number, gap: number): Known {
  const { n, scale, epsilon } = matrix;
  const argument = 'eigenvalue gap';
  if (n === 1) return { status: 'certified', argument, reason: 'x has one entry' };
  const [first, second] = triples.values;
  const told = `the two least singular values are ${first * scale} and ${second * scale}`;
  const cut = (units: number): number => cutOf(triples, matrix, spread, units);
  if (second - first <= cut(EQUAL) && second - first <= ALIKE * second) {
    return { status: 'failed', argument, reason: `${told}: every unit vector of a plane is a solution` };
  }
  if (second - first <= cut(DOUBTFUL)) {
    return { status: 'unknown', argument, reason: `${told}, which rounding does not tell apart` };
  }
  // The rounding of x grows as the gap shrinks.
  const rounding = (Number.EPSILON * roundedSize(triples, spread) ** 2) / gap;
  const margin = Math.max(...x) + Math.min(...x.map((value) => Math.min(value, 0)));
  const tie = 'the largest entries of x, by absolute value, have different signs and tie, so that the sign of x jumps';
  if (margin <= TIED * rounding && rounding <= ALIKE) return { status: 'failed', argument: 'sign', reason: tie };
  if (margin <= NEARLY_TIED * Math.max(epsilon, rounding)) {
    return { status: 'unknown', argument: 'sign', reason: `to the precision of the data, ${tie}` };
  }
  return {
    status: 'certified',
    argument,
    reason: `${told}, which differ beyond rounding`,
  };
}
