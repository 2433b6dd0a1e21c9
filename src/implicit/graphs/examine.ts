/**
 * Whether X = φ(WXA + B) has exactly one solution for every B, on the host in float64. Loaded when a network is to be
 * examined.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import { computeCheckedMargin } from '../smallest-eigenvalue.ts';
import { amplificationOf, findPerronBound } from '../well-posed/perron.ts';
import { certifiedByContraction, notExamined, showBound, type WellPosed } from '../well-posed/verdict.ts';
import { amplificationByNorms } from './by-construction.ts';
import { amplificationWithoutCycles, type Entries } from './cycles.ts';
import { boundGraph, isSymmetric, spreadOf } from './graph-bound.ts';

/** Up to this many unknowns the monotone condition is tried on the matrix of the whole network. */
const LARGEST_DENSE = 256;

/**
 * Tries the conditions that a host can check in turn: a graph without cycles; λ_pf(|W|)·λ_pf(|A|) < 1, by two vectors; and
 * a monotone I − Aᵀ⊗W. None of the last two implies the other.
 * @param W f × f numbers, row-major
 * @param isMonotone whether φ is nondecreasing as well as non-expansive, as the last condition needs
 */
export function* examineGraph(
  graph: Entries,
  W: ArrayLike<number>,
  f: number,
  isMonotone: boolean,
  hint?: Float64Array,
): Interruptible<WellPosed> {
  if (!Array.prototype.every.call(W, Number.isFinite)) return unknown('W holds numbers that are not finite');
  if (!graph.weights.every(Number.isFinite)) return unknown('the weights hold numbers that are not finite');
  const { bound, vector, norm, order } = boundGraph(graph, hint, normOf(W, f));
  if (order) {
    const reason =
      'the graph has no cycles, so that λ_pf(|A|) = 0, and the activation is non-expansive component by component';
    return certifiedByContraction(reason, amplificationWithoutCycles(graph, order, W, f));
  }
  const perron = yield* findPerronBound(
    Float64Array.from(W, (value) => value * bound * ABOVE_ROUNDING),
    f,
  );
  if (perron.bound < 1) {
    const own = perron.vector.every((value) => value === 1) ? '‖W‖∞' : 'λ_pf(|W|)';
    const reason = `λ_pf(|A|) ≤ ${showBound(bound)} and ${own} ≤ ${showBound(perron.bound / bound)}, with a product of ${showBound(perron.bound)} < 1, and the activation is non-expansive component by component`;
    const byNorms = amplificationByNorms(norm * normOf(W, f), f);
    return certifiedByContraction(reason, Math.min(amplificationOf(perron) * spreadOf(vector), byNorms));
  }
  const below = `no vectors were found that show λ_pf(|W|)·λ_pf(|A|) < 1 (the best bound is ${showBound(perron.bound)})`;
  if (!isMonotone) return unknown(`${below}; a monotone I − Aᵀ⊗W does not help where the activation decreases`);
  return (yield* examineMargin(graph, W, f, bound)) ?? unknown(`${below}, and I − Aᵀ⊗W was not shown to be monotone`);
}

/** ‖W‖∞ */
function normOf(W: ArrayLike<number>, f: number): number {
  const sums = new Float64Array(f);
  for (let at = 0; at < f * f; at++) sums[Math.floor(at / f)] += Math.abs(W[at]);
  return sums.reduce((most, sum) => Math.max(most, sum), 0);
}

const ABOVE_ROUNDING = 1 + 4 * Number.EPSILON;

/** By the matrix of the network where it is small; otherwise by the symmetric part of W where A is symmetric. */
function* examineMargin(
  graph: Entries,
  W: ArrayLike<number>,
  f: number,
  bound: number,
): Interruptible<WellPosed | undefined> {
  try {
    const n = graph.nodes * f;
    if (n <= LARGEST_DENSE) {
      const M = kroneckerProduct(graph, W, f);
      return byMargin(yield* computeCheckedMargin(M, n), Math.hypot(...M), 'by the eigenvalues of that matrix');
    }
    if (!isSymmetric(graph)) return undefined;
    // The eigenvalues of a symmetric A lie in ±λ_pf(|A|), and those of the symmetric part of Aᵀ⊗W are products of them with
    // those of (W + Wᵀ)/2.
    const scaled = Float64Array.from(W, (value) => value * bound * ABOVE_ROUNDING);
    const upper = yield* computeCheckedMargin(scaled, f);
    const lower = yield* computeCheckedMargin(
      scaled.map((value) => -value),
      f,
    );
    const how = 'since A is symmetric with eigenvalues in ±λ_pf(|A|), by the eigenvalues of (W + Wᵀ)/2';
    return byMargin(Math.min(upper, lower), Math.hypot(...scaled), how);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function byMargin(margin: number, norm: number, how: string): WellPosed {
  return {
    status: 'certified',
    argument: 'margin',
    reason: `I − (M + Mᵀ)/2 ⪰ m·I for M = Aᵀ⊗W with m = ${margin.toPrecision(3)}, ${how}, which is enough for every 0 ⪯ J ⪯ I`,
    // ‖z − z*‖ ≤ (1 + ‖I − M‖)/m·‖z − φ(Mz + b)‖
    amplification: (2 + norm) / margin,
  };
}

/** Aᵀ⊗W: block (j, i) is A_ij·W. */
function kroneckerProduct(
  { nodes, sources, targets, weights }: Entries,
  W: ArrayLike<number>,
  f: number,
): Float64Array {
  const n = nodes * f;
  const M = new Float64Array(n * n);
  for (const [edge, weight] of weights.entries()) {
    const [row, column] = [targets[edge] * f, sources[edge] * f];
    for (let at = 0; at < f * f; at++) M[(row + Math.floor(at / f)) * n + column + (at % f)] += weight * W[at];
  }
  return M;
}

const unknown = (reason: string): WellPosed => notExamined(reason, 'network');
