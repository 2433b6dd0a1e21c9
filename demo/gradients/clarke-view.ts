/** The exhibit of Clarke's map: the answers of implicit differentiation at its kink, and where the hypothesis ends. */
import { createPane, type Drawn, drawPlot, formatSigned } from '../../src/pictures/plot.ts';
import { findElement, findInput, readMessage, setText } from '../page/elements.ts';
import { createTrafficLight } from '../page/light.ts';
import type { Caller } from '../workers/calls.ts';
import type { GradientCalls } from './protocol.ts';

const INTERVALS = 12;
const TICKS = Array.from({ length: INTERVALS + 1 }, (_, index) => (2 * index) / INTERVALS - 1);
const X = { name: 'row 1, column 1', from: -1.6, to: 1.6 };
const Y = { name: 'row 1, column 2', from: 0, to: 1.6 };

type Place = readonly [number, number];

export function startClarke(ask: Caller<GradientCalls>): void {
  const figure = findElement('clarke-figure', HTMLElement);
  const light = createTrafficLight(findElement('clarke-light', HTMLElement));
  const sliders = ['alpha', 'beta', 'slope'] as const;
  let isBusy = false;
  let isStale = false;

  const update = async (): Promise<void> => {
    const [alpha, beta, slope] = sliders.map((name) => Number(findInput(`clarke-${name}`).value));
    for (const name of sliders) setText(`clarke-${name}-text`, formatSigned(Number(findInput(`clarke-${name}`).value)));
    if (isBusy) {
      isStale = true;
      return;
    }
    isBusy = true;
    try {
      const { inverse, verdict } = await ask('clarke', { alpha, beta, slope });
      const determinant = Number((alpha * beta - slope).toFixed(3));
      light.show(
        verdict.status,
        `the determinant αβ − ${slope} goes from ${formatSigned(-1 - slope)} to ${formatSigned(Number((1 - slope).toFixed(2)))}; ${verdict.reason}`,
      );
      const found = inverse.refusal === undefined ? inverse.value : undefined;
      figure.innerHTML = drawPicture(slope, found && [found[0], found[1]]).text;
      setText(
        'clarke-state',
        found
          ? `With these α and β: determinant ${formatSigned(determinant)}, inverse [${found.map((entry) => formatSigned(Number(entry.toFixed(3)))).join(', ')}].`
          : `With these α and β the library refuses: the determinant is ${formatSigned(determinant)}.`,
      );
    } catch (error) {
      setText('clarke-state', readMessage(error));
    }
    isBusy = false;
    if (isStale) {
      isStale = false;
      void update();
    }
  };
  for (const name of sliders) findInput(`clarke-${name}`).addEventListener('input', () => void update());
  void update();
}

/** Computes the first row of the inverse of [α 1; slope β]: (β, −1)/(αβ − slope). */
function computeFirstRow(alpha: number, beta: number, slope: number): Place {
  const determinant = alpha * beta - slope;
  return [beta / determinant, -1 / determinant];
}

/** Draws the first rows over a grid of α and β. Curves end at the border of the picture and at singular matrices. */
function drawNet(slope: number): Drawn[] {
  const { across } = createPane(X, Y);
  const lines = [
    ...TICKS.map((alpha) => TICKS.map((beta) => computeFirstRow(alpha, beta, slope))),
    ...TICKS.map((beta) => TICKS.map((alpha) => computeFirstRow(alpha, beta, slope))),
  ];
  const isShown = ([x, y]: Place): boolean => Number.isFinite(across(x)) && Math.abs(x) < 8 && y > 0 && y < 8;
  return lines.flatMap((points) => {
    const visible = points.filter(isShown);
    return visible.length > 1 ? [{ kind: 'curve', look: 'first', thin: true, points: visible } as const] : [];
  });
}

function drawPicture(slope: number, at: Place | undefined): ReturnType<typeof drawPlot> {
  const corner = (alpha: number, beta: number): Place => computeFirstRow(alpha, beta, slope);
  const corners = [corner(-1, -1), corner(1, 1), corner(-1, 1), corner(1, -1)];
  const isWhole = slope > 1;
  const mean: Place = [0, corners.reduce((sum, [, y]) => sum + y / 4, 0)];
  return drawPlot({
    title: 'The first row of the inverse matrices',
    description: 'the answers make a butterfly within the trapezium of the Clarke Jacobian',
    x: X,
    y: Y,
    drawn: [
      ...(isWhole ? [{ kind: 'area', look: 'second', points: corners } as const] : []),
      ...drawNet(slope),
      ...(isWhole ? [{ kind: 'point', look: 'second', at: mean, label: 'mean of the pieces' } as const] : []),
      ...(at ? [{ kind: 'point', look: 'quiet', at, label: 'α, β' } as const] : []),
    ],
    legend: [
      { name: 'Clarke Jacobian of the inverse', look: 'second', kind: 'area' },
      { name: 'answers of implicit differentiation', look: 'first', kind: 'curve' },
    ],
  });
}
