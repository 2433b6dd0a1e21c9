/** The names of curves at their left ends, in a plot. */
import { type Drawn, LETTER, PANE_SIZE, type Range } from './plot.ts';

/** More do not fit above each other. */
export const MOST_NAMES = 14;

const MAXIMUM_LETTERS = 12;

/** Between two names above each other, in the units of the picture, as those that follow. */
const LINE_HEIGHT = 16;

/** Of the lines that lead from the names to their curves. */
const LEADER = 14;

/** What the name of the vertical axis takes at the top. */
const AXIS_NAME = 26;

export interface NamedEnd {
  readonly name: string;
  /** Where the curve begins. */
  readonly value: number;
}

/** The ranges, further to the left by what the names take, and higher by what that of the axis does. */
export function withRoomForNames(x: Range, y: Range, ends: readonly NamedEnd[]): { x: Range; y: Range } {
  const letters = ends.reduce((most, { name }) => Math.max(most, Math.min(name.length, MAXIMUM_LETTERS)), 0);
  const across = (LEADER + (letters + 0.5) * LETTER) / PANE_SIZE.width;
  const up = AXIS_NAME / PANE_SIZE.height;
  return {
    x: { ...x, from: x.from - (across / (1 - across)) * (x.to - x.from) },
    y: { ...y, to: y.to + (up / (1 - up)) * (y.to - y.from) },
  };
}

/** The names, moved up or down where they would run into each other, and lines from them to their curves. */
export function namesAt(start: number, ends: readonly NamedEnd[], x: Range, y: Range): Drawn[] {
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

/** Ascending values with at least `gap` between them, moved no further than that takes and `to` allows. */
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
