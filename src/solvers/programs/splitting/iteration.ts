/**
 * The iteration of the splitting, which is ADMM for quadratic programs (B. Stellato et al. 2020) in the form z ← Π(Wz +
 * b), for min ½xᵀPx + qᵀx over Ax − b ∈ D. With weights D = diag(σ, R) the variables are s = D^½(x, v), where Π projects v
 * onto the set and leaves x alone, z = Π(v) and y = R(v − z). With p = Π(s), G = D^½[I; A] and H = (P + σI + AᵀRA)⁻¹
 *   s⁺ = s + α(M(2p − s) + c − p),  M = GHGᵀ,  c = −GHq − (I − M)(0, R^½b).
 * M is symmetric with 0 ⪯ M ⪯ I, and the length of a step never grows: this is the Douglas-Rachford splitting of the
 * objective on {(x, v): v = Ax − b} and of the set. At a fixed point M(2p − s) + c = p = D^½(x, Ax − b).
 */
import { OVER_RELAXATION } from '../../../backends/splitting-kernels.ts';
import { batchedProduct, cholesky, invertBatch, triangularSolve } from '../../../tensor/batched.ts';
import {
  combine,
  divideOrZero,
  elementwise,
  elementwiseLaidOut,
  product,
  reduceRows,
} from '../../../tensor/kernels.ts';
import { splittingRows } from '../../../tensor/loop-kernels.ts';
import { gatherAlong, padColumns } from '../../../tensor/move-kernels.ts';
import type { LoopContext, Tensor } from '../../../tensor/tensor.ts';
import { batchedInverse } from '../../batched-inverse.ts';
import type { Begun } from '../../iteration.ts';
import { repeatForBatch } from '../../monitor.ts';
import { times } from './batch-problem.ts';
import type { ConstraintSet, SplittingPoint } from './constraint-set.ts';
import { type Equilibrated, perRow } from './scaling.ts';

/** Weights of a splitting: σ, and the diagonal of R, [batch, m]; [m] only where the samples share P and A. */
export interface Weights {
  readonly sigma: number;
  readonly rows: Tensor;
}

/** The splitting of a batch with its present weights. */
export interface Splitting {
  /** s of a point. */
  enter(point: SplittingPoint): Tensor;
  /** The point of an s. */
  leave(s: Tensor): SplittingPoint;
  begin(s: Tensor): Begun;
}

/** Whether the backend factorises matrices; the others invert by products. */
export function factorises({ runsOnHost, widestIteration }: LoopContext): boolean {
  return runsOnHost || widestIteration > 0;
}

function joinColumns(x: Tensor, v: Tensor): Tensor {
  return gatherAlong(x, 1, x.shape[1] + v.shape[1], { more: v });
}

/**
 * P + σI + AᵀRA of each group of samples, [groups, n, n].
 * @param weighted à = R^½A, [groups, m, n]
 */
function systemOf(context: LoopContext, P: Tensor, weighted: Tensor, sigma: number): Tensor {
  const [groups, m, n] = weighted.shape;
  const identity = context.constant({ kind: 'identity', order: n }, [n, n]);
  const base = elementwise('add', [P, elementwise('scale', [identity], [sigma, 0])]);
  if (groups === 1) {
    const flat = context.alias(weighted, [m, n]);
    const one = product(flat, flat, { transposeA: true, bias: context.alias(base, [n, n]) });
    return context.alias(one, [1, n, n]);
  }
  return batchedProduct(weighted, weighted, { transposeA: true, bias: repeatMatrix(base, groups) });
}

/** [rows, columns] as [groups, rows, columns]; what has one for each group as it is. */
function repeatMatrix(X: Tensor, groups: number): Tensor {
  if (X.shape.length === 3) return X;
  const [rows, columns] = X.shape;
  const layout = { offset: 0, strides: [0, 0, columns, 1] as const };
  return elementwiseLaidOut('copy', [X], [layout], [groups, rows, columns]);
}

/** p − (M(w) + c) for each row of w and p, [batch, n + m]. */
type Shortfall = (w: Tensor, p: Tensor) => Tensor;

/**
 * M of each group of samples that share P and A, [groups, n + m, n + m].
 * @param weighted à = R^½A, [groups, m, n]
 */
function matrixOf(context: LoopContext, system: Tensor, weighted: Tensor, sigma: number): Tensor {
  const [groups, m, n] = weighted.shape;
  const root = Math.sqrt(sigma);
  const identity = context.constant({ kind: 'identity', order: n }, [n, n]);
  const top = repeatMatrix(elementwise('scale', [identity], [root, 0]), groups);
  const G = gatherAlong(top, 1, n + m, { more: weighted });
  if (!factorises(context)) {
    const { inverse } = batchedInverse(context, system);
    return batchedProduct(batchedProduct(G, inverse), G, { transposeB: true });
  }
  // M = BᵀB with B = L⁻¹Gᵀ, so that M is symmetric and M ⪰ 0 whatever the rounding.
  const turned = context.alias(transposeEach(G), [groups, n, n + m]);
  const B = triangularSolve(cholesky(system, (2 * context.epsilon) / n).factor, turned);
  return batchedProduct(B, B, { transposeA: true });
}

function transposeEach(X: Tensor): Tensor {
  const [groups, rows, columns] = X.shape;
  const layout = { offset: 0, strides: [0, rows * columns, 1, columns] as const };
  return elementwiseLaidOut('copy', [X], [layout], [groups, columns, rows]);
}

/** The parts of a splitting, in the units in which D is I. */
interface Parts {
  readonly problem: Equilibrated;
  readonly sigma: number;
  /** How many different P and R the samples have: 1 or batch. */
  readonly groups: number;
  /** Ã = R^½A, [groups, m, n]. */
  readonly weighted: Tensor;
  /** The set of v. */
  readonly set: ConstraintSet;
}

/** How an iteration is computed, and the whole loop where a kernel runs it. */
type Steps = Pick<Begun, 'whole'> & { readonly shortfall: Shortfall };

/** @param known M, [n + m, n + m], where the host computed it for what all samples share */
export function createSplitting(
  context: LoopContext,
  problem: Equilibrated,
  { sigma, rows }: Weights,
  known?: Tensor,
): Splitting {
  const { batch, n, m, A } = problem;
  const isOne = rows.shape.length === 1;
  const root = elementwise('sqrt', [rows]);
  const inverse = elementwise('reciprocal', [root]);
  const scaled = elementwise('multiply', [A, perRow(root)]);
  const set = problem.set.scale(root);
  const parts: Parts = {
    ...{ problem, sigma, groups: isOne ? 1 : batch, set },
    weighted: isOne ? context.alias(scaled, [1, m, n]) : scaled,
  };
  const { shortfall, whole } =
    usesMatrix(context, parts) || known ? stepsByMatrix(context, parts, known) : stepsByInverse(context, parts);
  const rootSigma = Math.sqrt(sigma);
  return {
    enter({ x, z, y }) {
      const v = elementwise('add', [elementwise('multiply', [z, root]), elementwise('multiply', [y, inverse])]);
      return joinColumns(elementwise('scale', [x], [rootSigma, 0]), v);
    },
    leave(s) {
      const p = set.project(s);
      const [v, z] = [columnsOf(s, n, m), columnsOf(p, n, m)];
      return {
        x: elementwise('scale', [columnsOf(s, 0, n)], [1 / rootSigma, 0]),
        z: elementwise('multiply', [z, inverse]),
        y: elementwise('multiply', [elementwise('subtract', [v, z]), root]),
      };
    },
    begin: (start) => ({
      start: { x: start },
      keeps: 'next',
      solution: (x) => x,
      ...(whole && { whole }),
      step({ x: s }) {
        const p = set.project(s);
        const reflected = combine({ x: p, factor: 2 }, { x: s, factor: -1 });
        const missed = shortfall(reflected, p);
        const next = combine({ x: s }, { x: missed, factor: -OVER_RELAXATION });
        return {
          next: { x: next },
          residual: divideOrZero(reduceRows('norm', [missed]), reduceRows('norm', [next])),
        };
      },
    }),
  };
}

function fuses({ runsOnHost, widestIteration }: LoopContext, { problem: { n, m }, set }: Parts): boolean {
  return set.bounds !== undefined && !runsOnHost && n + m <= widestIteration;
}

/** Whether M is formed: for the kernel, or because its product costs no more than those with H, A and Aᵀ. */
function usesMatrix(context: LoopContext, parts: Parts): boolean {
  const { n, m } = parts.problem;
  return fuses(context, parts) || (parts.groups === 1 && (n + m) ** 2 <= 2 * (n ** 2 + 2 * n * m));
}

function stepsByMatrix(context: LoopContext, parts: Parts, known: Tensor | undefined): Steps {
  const { problem, sigma, groups, weighted, set } = parts;
  const { batch, n, m } = problem;
  const size = n + m;
  const all = known ?? matrixOf(context, systemOf(context, problem.P, weighted, sigma), weighted, sigma);
  const matrix = groups === 1 ? context.alias(all, [size, size]) : all;
  // c = M(−D^−½(q, 0) + (0, R^½b)) − (0, R^½b)
  const q = elementwise('scale', [problem.q], [-1 / Math.sqrt(sigma), 0]);
  const { offset, bounds } = set;
  const moved = times(matrix, offset ? joinColumns(q, offset) : gatherAlong(q, 1, size, {}));
  const shift = offset ? elementwise('subtract', [moved, behind(offset, n)]) : moved;
  // M is symmetric.
  const shortfall: Shortfall = (w, p) =>
    groups === 1
      ? product(w, matrix, { bias: shift, prior: p, residual: true })
      : elementwise('subtract', [p, elementwise('add', [times(matrix, w), shift])]);
  if (!bounds || !fuses(context, parts)) return { shortfall };
  const padded = padColumns(context.alias(all, [groups * size, size]));
  const operands = { accelerated: true, matrix: padded, shift, ...bounds };
  const each = (value: Tensor): Tensor => (value.size === batch ? value : repeatForBatch(value, batch));
  return {
    shortfall,
    whole: (s, state, { tolerance, floor, ...rule }) =>
      splittingRows(s, state, { ...operands, ...rule, tolerance: each(tolerance), floor: each(floor) }),
  };
}

function stepsByInverse(context: LoopContext, { problem, sigma, groups, weighted, set }: Parts): Steps {
  const { n, m } = problem;
  const system = systemOf(context, problem.P, weighted, sigma);
  const each = context.runsOnHost
    ? invertBatch(system, (2 * context.epsilon) / n).factor
    : batchedInverse(context, system).inverse;
  const [H, rows] = groups === 1 ? [context.alias(each, [n, n]), context.alias(weighted, [m, n])] : [each, weighted];
  const { offset } = set;
  const q = elementwise('negate', [problem.q]);
  const linear = offset ? elementwise('add', [q, times(rows, offset, true)]) : q;
  const rootSigma = Math.sqrt(sigma);
  return {
    shortfall(w, p) {
      const right = combine(
        { x: linear },
        { x: columnsOf(w, 0, n), factor: rootSigma },
        { x: times(rows, columnsOf(w, n, m), true) },
      );
      const x = times(H, right);
      const v = times(rows, x);
      const moved = offset ? elementwise('subtract', [v, offset]) : v;
      return elementwise('subtract', [p, joinColumns(elementwise('scale', [x], [rootSigma, 0]), moved)]);
    },
  };
}

/** v as (0, v). @param n the number of zeros */
function behind(v: Tensor, n: number): Tensor {
  return gatherAlong(v, 1, n + v.shape[1], { offset: -n });
}

function columnsOf(x: Tensor, offset: number, count: number): Tensor {
  return gatherAlong(x, 1, count, { offset });
}
