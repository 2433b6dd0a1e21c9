/** Patients of two kinds, with many measurements of which few matter. */
import { random } from '../../src/data/random.ts';

export interface Patients {
  readonly count: number;
  readonly measurements: number;
  /** [count, measurements], row by row. */
  readonly values: Float64Array;
  /** −1 or 1. */
  readonly kinds: Float64Array;
}

/** How far the measurements that matter are apart between the kinds, in standard deviations. */
const DISTANCE = 2;

/** Draws patients; `markers` are the measurements that matter, in either direction. */
export function drawPatients(count: number, measurements: number, markers: readonly number[], seed: number): Patients {
  const generator = random(seed);
  const values = Float64Array.from({ length: count * measurements }, () => generator.normal());
  const kinds = Float64Array.from({ length: count }, (_, patient) => (patient % 2 === 0 ? 1 : -1));
  for (const [patient, kind] of kinds.entries()) {
    for (const [index, marker] of markers.entries()) {
      values[patient * measurements + marker] += ((index % 2 === 0 ? 1 : -1) * kind * DISTANCE) / 2;
    }
  }
  return { count, measurements, values, kinds };
}
