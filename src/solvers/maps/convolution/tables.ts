/** The matrices of cosines and sines by which discrete Fourier transforms multiply. */
import type { Context, Tensor } from '../../../tensor/tensor.ts';
import { frequencyCount, halfColumns, type Torus, weightOf } from './torus.ts';

/** The numbers of a matrix, row by row. */
export interface Table {
  readonly rows: number;
  readonly columns: number;
  readonly values: readonly number[];
}

/** A table as a constant of a Program. */
export function constantTable(tracing: Context, { rows, columns, values }: Table): Tensor {
  return tracing.constant({ kind: 'values', values }, [rows, columns]);
}

function tableOf(rows: number, columns: number, entry: (row: number, column: number) => number): Table {
  const values: number[] = [];
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) values.push(entry(row, column));
  return { rows, columns, values };
}

/** The angle 2πk/period. The integer k is reduced first, so that large products lose no digits. */
const angle = (k: number, period: number): number => (2 * Math.PI * (((k % period) + period) % period)) / period;

/** From columns p₂ to (f₂, re | im) of real numbers: e^{−iθ} = cos θ − i·sin θ. */
export function columnTable(torus: Torus): Table {
  const { columns } = torus;
  return tableOf(2 * halfColumns(torus), columns, (at, p) => {
    const theta = angle((at >> 1) * p, columns);
    return at % 2 === 0 ? Math.cos(theta) : -Math.sin(theta);
  });
}

/**
 * Back from f₂ to columns p₂: the part of Re(w·e^{iθ}·y)/(rows·columns) that comes from −Re y, or from Im y, with the weight
 * w of the half spectrum.
 */
export function inverseColumnTable(torus: Torus, isImaginary: boolean): Table {
  const { rows, columns } = torus;
  return tableOf(halfColumns(torus), columns, (f2, p) => {
    const theta = angle(f2 * p, columns);
    const weight = weightOf(f2, torus) / (rows * columns);
    return -weight * (isImaginary ? Math.sin(theta) : Math.cos(theta));
  });
}

/** The cosine or the sine. */
export type Phase = (angle: number) => number;

/** cos θ or sin θ, f₁ × p₁, θ = 2πf₁p₁/rows. */
export function rowTable({ rows }: Torus, phase: Phase): Table {
  return tableOf(rows, rows, (f1, p) => phase(angle(f1 * p, rows)));
}

/** cos 2πk/rows for k < rows, the sines of the same, and both for columns: one row. */
export function rootsTable({ rows, columns }: Torus): Table {
  const values = [rows, columns].flatMap((extent) =>
    [Math.cos, Math.sin].flatMap((phase) => tableOf(1, extent, (_, k) => phase(angle(k, extent))).values),
  );
  return { rows: 1, columns: values.length, values };
}

/** cos or sin of 2πf·(t − r) for each frequency and each of the size² taps t, r = (size − 1)/2. */
export function kernelTable(torus: Torus, size: number, phase: Phase): Table {
  const { rows, columns } = torus;
  const r = (size - 1) / 2;
  return tableOf(frequencyCount(torus), size * size, (f, tap) => {
    const [f1, f2] = [f % rows, Math.floor(f / rows)];
    return phase(angle(f1 * (Math.floor(tap / size) - r), rows) + angle(f2 * ((tap % size) - r), columns));
  });
}

/** The same, where each frequency has its weight, divided by the number of all frequencies. */
export function averagedKernelTable(torus: Torus, size: number, phase: Phase): Table {
  const { rows, columns, values } = kernelTable(torus, size, phase);
  const weight = (f: number): number => weightOf(Math.floor(f / torus.rows), torus) / (torus.rows * torus.columns);
  return { rows, columns, values: values.map((value, at) => value * weight(Math.floor(at / columns))) };
}

/** 1 where the second tap of a pair lies d behind the first one, else 0: pairs of the size² taps × (2·size − 1)² d. */
export function differenceTable(size: number): Table {
  const [taps, wide] = [size ** 2, 2 * size - 1];
  return tableOf(taps ** 2, wide ** 2, (pair, d) => {
    const [first, second] = [Math.floor(pair / taps), pair % taps];
    const row = Math.floor(second / size) - Math.floor(first / size) + size - 1;
    const column = (second % size) - (first % size) + size - 1;
    return Number(d === row * wide + column);
  });
}
