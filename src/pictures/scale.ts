/** Where numbers lie in a picture, and which of them its axes name. */

/** A picture of one extent shows it in the middle. */
export function position(value: number, from: number, to: number, start: number, end: number): number {
  return to === from ? (start + end) / 2 : start + ((value - from) / (to - from)) * (end - start);
}

/** The next greater number of 1, 2, 5 times a power of ten. */
export function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5, 10].find((each) => each * power >= step * (1 - 1e-9)) as number;
  return factor * power;
}

/** The multiples first, first + 1, … last of a step, without the rounding of the product. */
export function multiples(step: number, first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** Of a picture; a tenth of a unit is finer than any screen. */
export function round(coordinate: number): number {
  return Math.round(10 * coordinate) / 10;
}
