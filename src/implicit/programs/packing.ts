/** Puts what the host computes for a batch of programs into the rows of tensors. */
import { STATUS } from '../../backends/kernels.ts';
import { SUMMARY_ROWS } from '../summary.ts';

/** The rows of a summary that a solve on the host has; the others are 0. */
export interface Summarised {
  readonly isSolved: boolean;
  readonly iterations: number;
  readonly residual: number;
  readonly floor?: number;
  readonly notFinite?: number;
}

const SUMMARISED = ['status', 'iterations', 'residual', 'floor', 'notFinite'] as const;

/** A summary, [11, batch], as `readSummary` takes it apart. */
export function packSummary(samples: readonly Summarised[]): Float64Array {
  const batch = samples.length;
  const packed = new Float64Array(SUMMARY_ROWS.length * batch);
  const [status, iterations, residual, floor, notFinite] = SUMMARISED.map((name) => SUMMARY_ROWS.indexOf(name) * batch);
  for (const [index, sample] of samples.entries()) {
    packed[status + index] = sample.isSolved ? STATUS.converged : STATUS.gaveUp;
    packed[iterations + index] = sample.iterations;
    packed[residual + index] = sample.residual;
    packed[floor + index] = sample.floor ?? 0;
    packed[notFinite + index] = sample.notFinite ?? 0;
  }
  return packed;
}

/** A solution, or what there is of one. */
export interface Packed {
  /** Its n, m and m numbers. */
  readonly parts: readonly [Float64Array, Float64Array, Float64Array];
  readonly hasNumbers: boolean;
}

/** The parts of each solution side by side, [batch, n + 2m]; NaN where there is no solution. */
export function packSolutions(samples: readonly Packed[], n: number, m: number): Float64Array {
  const width = n + 2 * m;
  const packed = new Float64Array(samples.length * width).fill(Number.NaN);
  for (const [index, { parts, hasNumbers }] of samples.entries()) {
    if (!hasNumbers) continue;
    for (const [place, part] of parts.entries()) packed.set(part, index * width + [0, n, n + m][place]);
  }
  return packed;
}
