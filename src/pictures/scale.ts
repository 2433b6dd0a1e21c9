/** Scales of pictures: positions of numbers, and ticks of axes. */

/** Maps `value` linearly from [from, to] to [start, end]; to the middle where `from` equals `to`. */
export function positionOf(value: number, from: number, to: number, start: number, end: number): number {
  return to === from ? (start + end) / 2 : start + ((value - from) / (to - from)) * (end - start);
}

/** The least number from 1, 2, 5 times a power of ten that is not below the step. */
export function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5, 10].find((each) => each * power >= step * (1 - 1e-9)) as number;
  return factor * power;
}

/** The multiples first·step, …, last·step, without rounding errors such as 0.30000000000000004. */
export function multiples(step: number, first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** Rounds a coordinate to a tenth of a unit, which is finer than any screen. */
export function roundCoordinate(coordinate: number): number {
  return Math.round(10 * coordinate) / 10;
}
