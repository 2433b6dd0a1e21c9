/** Draws the names of curves at their left ends in a plot. */
import { type Drawn, LETTER, PANE_SIZE, type Range } from './plot.ts';

/** The largest number of names that fit above each other. */
export const MAXIMUM_NAMES = 14;

/** Longer names are shortened to this number of letters. */
const MAXIMUM_LETTERS = 12;

/** The distance between two names above each other, in units of the picture like the lengths below. */
const LINE_HEIGHT = 16;

/** The length of the lines that lead from the names to their curves. */
const LEADER = 14;

/** The height of the name of the vertical axis at the top. */
const AXIS_NAME = 26;

export interface NamedEnd {
  readonly name: string;
  /** The value at which the curve begins. */
  readonly value: number;
}

/** Extends the ranges to the left by the width of the names, and upwards by the height of the axis name. */
export function makeRoomForNames(x: Range, y: Range, ends: readonly NamedEnd[]): { x: Range; y: Range } {
  const letters = ends.reduce((longest, { name }) => Math.max(longest, Math.min(name.length, MAXIMUM_LETTERS)), 0);
  const across = (LEADER + (letters + 0.5) * LETTER) / PANE_SIZE.width;
  const up = AXIS_NAME / PANE_SIZE.height;
  return {
    x: { ...x, from: x.from - (across / (1 - across)) * (x.to - x.from) },
    y: { ...y, to: y.to + (up / (1 - up)) * (y.to - y.from) },
  };
}

/** Draws the names, moved apart where they would overlap, and lines from them to their curves. */
export function drawNames(start: number, ends: readonly NamedEnd[], x: Range, y: Range): Drawn[] {
  const order = [...ends].sort((a, b) => a.value - b.value);
  const unit = (y.to - y.from) / PANE_SIZE.height;
  const gap = LINE_HEIGHT * unit;
  const values = order.map(({ value }) => value);
  const places = spreadApart(values, gap, [y.from + gap / 2, y.to - AXIS_NAME * unit]);
  const left = start - (LEADER / PANE_SIZE.width) * (x.to - x.from);
  return order.flatMap(({ name, value }, at): Drawn[] => [
    {
      kind: 'curve',
      look: 'quiet',
      thin: true,
      points: [
        [left, places[at]],
        [start, value],
      ],
    },
    { kind: 'label', at: [left, places[at]], text: `${shorten(name)}\u00a0` },
  ]);
}

/** Moves ascending values apart until they differ by at least `gap`, within the interval as far as possible. */
function spreadApart(values: readonly number[], gap: number, [from, to]: readonly [number, number]): number[] {
  const places: number[] = [];
  for (const [index, value] of values.entries()) {
    places.push(Math.max(value, index === 0 ? from : places[index - 1] + gap));
  }
  for (let index = places.length - 1; index >= 0; index--) {
    places[index] = Math.min(places[index], index === places.length - 1 ? to : places[index + 1] - gap);
  }
  return places;
}

function shorten(name: string): string {
  return name.length <= MAXIMUM_LETTERS ? name : `${name.slice(0, MAXIMUM_LETTERS - 1)}…`;
}
