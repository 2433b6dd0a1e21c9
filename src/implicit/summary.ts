/** The summary of a solve: one small tensor with a row for each figure of the report, read back in one piece. */
import type { LinearSolution } from '../solvers/linear.ts';
import { statusOf } from '../solvers/monitor.ts';
import { elementwise } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { FoundKinks } from './kinks.ts';

export const SUMMARY_ROWS = [
  'status',
  'iterations',
  'residual',
  'floor',
  'amplification',
  'singularValueBound',
  'notFinite',
  'near',
  'doubtful',
  'kinkTolerance',
  'normBound',
] as const;
type SummaryRow = (typeof SUMMARY_ROWS)[number];
/** Rows that are absent where a solve has no error bound, no matrix or no kinks. */
type OptionalRow = 'amplification' | 'singularValueBound' | 'near' | 'doubtful' | 'kinkTolerance' | 'normBound';
type SummaryLayout = Readonly<Record<Exclude<SummaryRow, OptionalRow>, Tensor> & Partial<Record<OptionalRow, Tensor>>>;

/** Stacks the rows, each [batch] or [1], into [11, batch]; a row that is absent is 0. */
export function summarise(batch: number, rows: SummaryLayout): Tensor {
  const { context } = rows.status;
  const nothing: Tensor = context.constant({ kind: 'fill', value: 0 }, [SUMMARY_ROWS.length, batch]);
  return SUMMARY_ROWS.reduce((stacked, name, row) => {
    const numbers = rows[name];
    if (!numbers) return stacked;
    const values = SUMMARY_ROWS.map((_, index) => (index === row ? 1 : 0));
    const place = context.constant({ kind: 'values', values }, [values.length, 1]);
    // The kernel `select`, unlike multiplication by 0 and 1, keeps a NaN in its own row.
    return elementwise('select', [place, numbers, stacked]);
  }, nothing);
}

/**
 * The summary of a linear solve.
 * @param kinks at the point of the solve; undefined where it has none, or looks for none
 * @param rows the other rows: they differ from problem to problem
 */
export function summariseLinear(
  batch: number,
  { state, iterations, residual, floor, singularValueBound }: LinearSolution,
  kinks: FoundKinks | undefined,
  rows: Pick<SummaryLayout, 'notFinite' | 'amplification' | 'normBound'>,
): Tensor {
  const places = { near: kinks?.near, doubtful: kinks?.doubtful, kinkTolerance: kinks?.tolerance };
  return summarise(batch, {
    status: statusOf(state),
    iterations,
    residual,
    floor,
    singularValueBound,
    ...places,
    ...rows,
  });
}

type Numbers = Float32Array | Float64Array;
/** The numbers of each row, [batch]. */
export type Summary = Readonly<Record<SummaryRow, Numbers>>;

/** Splits the numbers of a summary into its rows. */
export function readSummary(values: Numbers): Summary {
  const batch = values.length / SUMMARY_ROWS.length;
  const rows = {} as Record<SummaryRow, Numbers>;
  for (const [index, name] of SUMMARY_ROWS.entries()) rows[name] = values.subarray(index * batch, (index + 1) * batch);
  return rows;
}
