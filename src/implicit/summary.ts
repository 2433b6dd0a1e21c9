/** One small tensor that tells how each sample fared: read back once, in one piece. */
import { elementwise } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';

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
/** Not every solve has an error bound, or a matrix, or kinks. */
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
    // Selected, not multiplied by 0 and 1: a residual may be NaN.
    return elementwise('select', [place, numbers, stacked]);
  }, nothing);
}

type Numbers = Float32Array | Float64Array;
export type Summary = Readonly<Record<SummaryRow, Numbers>>;

export function readSummary(values: Numbers): Summary {
  const batch = values.length / SUMMARY_ROWS.length;
  const rows = {} as Record<SummaryRow, Numbers>;
  for (const [index, name] of SUMMARY_ROWS.entries()) rows[name] = values.subarray(index * batch, (index + 1) * batch);
  return rows;
}
