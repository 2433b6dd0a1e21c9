/** Predicted against true numbers as a picture: fetched once a regression has predictions. */

import { rangeOf } from '../../src/pictures/numbers.ts';
import { type Drawn, drawPlot, type Place } from '../../src/pictures/plot.ts';
import type { PredictedNumbers, ShownRows } from '../model/protocol.ts';

/** Draws the first target of the rows; on the diagonal, predictions are right. */
export function drawPredicted(
  host: HTMLElement,
  target: string,
  { targets, count }: ShownRows,
  { numbers }: PredictedNumbers,
): void {
  const width = targets.length / count;
  const places = Array.from({ length: count }, (_, row): Place => [targets[row * width], numbers[row * width]]);
  const x = rangeOf('true', places.flat());
  const diagonal: Drawn = {
    kind: 'curve',
    look: 'quiet',
    points: [
      [x.from, x.from],
      [x.to, x.to],
    ],
  };
  host.innerHTML = drawPlot({
    title: `${target}: predicted against true`,
    description: `${count} held-out rows; on the diagonal, predictions are right`,
    x,
    y: { ...x, name: 'predicted' },
    drawn: [diagonal, ...places.map((at): Drawn => ({ kind: 'point', look: 'first', at }))],
    legend: [
      { name: 'held-out row', look: 'first', kind: 'point' },
      { name: 'right', look: 'quiet', kind: 'curve' },
    ],
  }).text;
}
