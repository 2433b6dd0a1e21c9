/**
 * Kernels that iterate, and the state by which `monitor` follows each sample; kernels.ts lists them with the others.
 */
import type { ActivationName, ActivationParameters } from './product-kernels.ts';

/**
 * Rows of the state that `monitor` holds for each sample, [5, batch]. Status 0 means running; the state of a sample
 * that does not run stays unchanged. For a running sample with the new residual ρ:
 *   remaining −= p₂; residual = ρ; stale = ρ < 0.9·best ? 0 : stale + 1; best = min(best, ρ);
 *   status = ρ not finite or ρ > 1e30 ? diverged : ρ ≤ tolerance ? converged
 *          : stale < p₀ and remaining > 0 ? running : ρ ≤ 4·floor ? stalled
 *          : stale ≥ p₀ and p₁ ≠ 0 ? gaveUp : remaining ≤ 0 ? exhausted : running.
 * `remaining` is the number of iterations that the sample may still take. In a loop p₂ is 1.
 */
export const STATE_ROWS = { status: 0, remaining: 1, residual: 2, best: 3, stale: 4 } as const;
export const STATE_SIZE = 5;
export const STATUS = { running: 0, converged: 1, stalled: 2, diverged: 3, gaveUp: 4, exhausted: 5 } as const;

/**
 * Iterations x⁺ = T(x) for z = σ(Wz + b) that the kernels `iterate` and `pass` carry out; p is the pre-activation at
 * which the residual ρ is taken. Samples are rows, so M is the transpose of W, or of the resolvent for
 * peacemanRachford.
 */
export const ITERATIONS = [
  // p = x·M + b, ρ of (x, p), T(x) = σ(p). A sample that stops returns x.
  'picard',
  // q = 2·prox_{αf}(x) − x + αb, h = q·M, p = (1 + 1/α)h − q/α + b, ρ of (h, p), T(x) = 2h − q + αb. A sample that
  // stops returns T(x).
  'peacemanRachford',
  // p = x·M + b, ρ of (x, p), T(x) = prox_{αf}(x + α(p − x)). The rounding error of this sum is added to the next sum.
  // A sample that stops returns x.
  'forwardBackward',
] as const;
export type IterationName = (typeof ITERATIONS)[number];

/** The iteration that `iterate` and `pass` have in common, and the parameters of the monitor that watches it. */
export interface IterationCall {
  readonly iteration: IterationName;
  readonly batch: number;
  readonly n: number;
  readonly activation: ActivationName;
  readonly activationParameters: ActivationParameters;
  /** The ε of the residual. */
  readonly epsilon: number;
  /** Whether these operands are one number for all samples. */
  readonly shared: { readonly tolerance: boolean; readonly floor: boolean };
  /** p₀ of `monitor`. */
  readonly staleLimit: number;
  /** p₁ of `monitor`. */
  readonly giveUp: boolean;
}

/**
 * Anderson acceleration: the number of differences that it remembers, the growth of ‖f‖ above which it rejects an x,
 * and its regularisation in units of ε.
 */
export const ACCELERATION = { memory: 5, growth: 2, regularisation: 16 } as const;

/**
 * A whole loop: each sample (row) iterates until the rule of `monitor` with p₂ = 1 stops it, at most `limit` times.
 * If `accelerated`, x⁺ is not T(x) but the result of Anderson acceleration with its safeguard (solvers/anderson.ts),
 * and forwardBackward does not compensate its rounding errors; a backend may restart the history every 100 iterations
 * or more. Only the CPU, and backends outside HOST_BACKENDS that have a `widestIteration`, offer the accelerated form.
 * Operands [carried, M, b, step, tolerance, floor, slope]:
 *   carried           x [batch, n], followed by the state [5, batch] of the samples (STATE_ROWS); likewise the result
 *   M                 [n, stride]; columns n … stride − 1 hold zeros
 *   b                 [batch, n]
 *   step              α, [1]; absent for picard
 *   tolerance, floor  [batch] or [1]
 *   slope             d [batch, n]. If present, σ(p) = d∘p, prox_{αf}(x) = d/(d + α(1 − d))∘x and ρ = ‖z − σ(p)‖.
 *                     If absent, σ is the activation, and ρ = ‖z − σ(p)‖ / (ε + ‖z‖)
 */
export interface IterateCall extends IterationCall {
  readonly kernel: 'iterate';
  readonly inputs: readonly [number, number, number, number, number, number, number];
  readonly output: number;
  readonly accelerated: boolean;
  /** Numbers in a row of M, a multiple of 4. */
  readonly stride: number;
  readonly limit: number;
}

/**
 * One pass of such a loop: T(x) of each running sample, and the state after it. The operands are those of `iterate`,
 * except
 *   carried  the concatenation of the following parts; likewise the result
 *              factor [batch, n]      the left factor of the product with M: x, or q for peacemanRachford
 *              kept [batch, n]        what a sample returns that stops: the x before the pass, or T(x) for
 *                                     peacemanRachford
 *              state [5, batch]       see STATE_ROWS
 *              lost [batch, n]        the rounding error of the last sum of forwardBackward
 *              sums [2·⌈n/8⌉, batch]  workspace of the kernel, meaningless after the pass
 *            For a sample that has stopped, `kept` and its state stay unchanged; the other parts are meaningless.
 *   M        [n, n]; if `transposed`, the kernel multiplies by Mᵀ instead
 */
export interface PassCall extends IterationCall {
  readonly kernel: 'pass';
  readonly inputs: IterateCall['inputs'];
  readonly output: number;
  readonly transposed: boolean;
}

/** The offsets of the parts of `carried` of a pass, and their total length. */
export function passLayout(
  batch: number,
  n: number,
): Readonly<Record<'factor' | 'kept' | 'state' | 'lost' | 'sums' | 'end', number>> {
  const kept = batch * n;
  const state = kept + batch * n;
  const lost = state + batch * STATE_SIZE;
  const sums = lost + batch * n;
  return { factor: 0, kept, state, lost, sums, end: sums + 2 * Math.ceil(n / 8) * batch };
}

/**
 * A whole loop in which the samples of a group share a matrix, [n, stride]. Columns n … stride − 1 hold zeros. The
 * samples of a group are consecutive, and all groups have equally many.
 */
export interface GroupedLoopCall {
  readonly inputs: readonly number[];
  readonly output: number;
  readonly groups: number;
  readonly batch: number;
  readonly n: number;
  readonly accelerated: boolean;
  /** Numbers in a row of a matrix, a multiple of 4. */
  readonly stride: number;
  readonly limit: number;
  /** p₀ of `monitor`. */
  readonly staleLimit: number;
  /** p₁ of `monitor`. */
  readonly giveUp: boolean;
}
