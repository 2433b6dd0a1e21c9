/** The exhibit of the descent that cycles. A click sets its start. */
import { CALM } from '../../src/gallery/cycle.ts';
import { type Bilevel, PAPER, type Point, RATE } from '../../src/gallery/descent.ts';
import { createPane, drawPlot, formatSigned, WIDTH } from '../../src/pictures/plot.ts';
import { findButton, findElement, findInput, findSelect, isAbort, readMessage, setText } from '../page/elements.ts';
import { createTrafficLight } from '../page/light.ts';
import type { Caller } from '../workers/calls.ts';
import type { GradientCalls, LineName, Status } from './protocol.ts';

const X = { name: 'x', from: -1.2, to: 4.8 };
const Y = { name: 'y', from: -0.6, to: 6 };
const PROBLEMS: Readonly<Record<LineName, Bilevel>> = { cycling: PAPER, calm: CALM };
const STEPS = 420;
const SVG = 'http://www.w3.org/2000/svg';

export function startCycle(ask: Caller<GradientCalls>): void {
  const figure = findElement('cycle-figure', HTMLElement);
  const light = createTrafficLight(findElement('cycle-light', HTMLElement));
  const line = findSelect('cycle-line');
  const pane = createPane(X, Y);
  let current = new AbortController();

  const run = async (): Promise<void> => {
    current.abort();
    current = new AbortController();
    const { signal } = current;
    const name = line.value as LineName;
    const fields = [findInput('cycle-x'), findInput('cycle-y')];
    const wrong = fields.find((field) => !field.checkValidity());
    if (wrong) return setText('cycle-state', `The start: ${wrong.validationMessage}`);
    const [x, y] = fields.map(({ value }) => Number(value));
    const start: Point = [x, y];
    figure.innerHTML = drawPicture(name, start).text;
    const path = appendShape(figure, 'path', { class: 'curve first' });
    const dot = appendShape(figure, 'circle', {
      class: 'mark now',
      r: '6',
      cx: String(pane.across(start[0])),
      cy: String(pane.up(start[1])),
    });
    let drawn = `M${pane.across(start[0])} ${pane.up(start[1])}`;
    const seen: Status[] = [];
    let failures = 0;
    setText('cycle-state', 'Descending.');
    try {
      await ask(
        'descend',
        { line: name, start, steps: STEPS },
        {
          signal,
          onPart({ points, statuses, crossings, crossed }) {
            for (const [x, y] of points) drawn += `L${pane.across(x)} ${pane.up(y)}`;
            path.setAttribute('d', drawn);
            const [x, y] = points[points.length - 1];
            dot.setAttribute('cx', String(pane.across(x)));
            dot.setAttribute('cy', String(pane.up(y)));
            seen.push(...statuses);
            failures += crossed.filter((status) => status === 'failed').length;
            for (const [index, [crossX, crossY]] of crossings.entries()) {
              const at = { cx: String(pane.across(crossX)), cy: String(pane.up(crossY)) };
              appendShape(figure, 'circle', { class: 'mark now', r: '4', 'data-status': crossed[index], ...at });
            }
            const status = crossed.includes('failed') ? 'failed' : statuses[statuses.length - 1];
            dot.setAttribute('data-status', status);
            light.show(
              status,
              status === 'failed'
                ? 'the step crosses the line, on which s jumps'
                : 'off the line: s is constant, and the gradient is right',
            );
          },
        },
      );
      const certified = seen.filter((status) => status === 'certified').length;
      setText(
        'cycle-state',
        `${seen.length} steps of ${RATE}, ${certified} to points where the layer is certified; at ${failures} crossings of the line it fails.`,
      );
    } catch (error) {
      if (!isAbort(error)) setText('cycle-state', readMessage(error));
    }
  };
  figure.addEventListener('click', ({ clientX, clientY }) => {
    const svg = figure.querySelector('svg:not(.swatch)');
    if (!svg) return;
    const { left, top, width } = svg.getBoundingClientRect();
    const [x, y] = pane.place(((clientX - left) / width) * WIDTH, ((clientY - top) / width) * WIDTH);
    findInput('cycle-x').value = clamp(x, X).toFixed(2);
    findInput('cycle-y').value = clamp(y, Y).toFixed(2);
    findInput('cycle-x').dispatchEvent(new Event('input')); // so that the address has it
    void run();
  });
  findButton('cycle-run').addEventListener('click', () => void run());
  for (const field of [line, findInput('cycle-x'), findInput('cycle-y')])
    field.addEventListener('change', () => void run());
  void run();
}

function clamp(value: number, { from, to }: { from: number; to: number }): number {
  return Math.min(to, Math.max(from, value));
}

function appendShape(figure: HTMLElement, tag: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  figure.querySelector('.pane')?.append(element);
  return element;
}

function drawPicture(name: LineName, start: Point): ReturnType<typeof drawPlot> {
  const problem = PROBLEMS[name];
  const [p, q, r] = problem.line;
  const jump = [-1, 7].map((y): Point => [(-r - q * y) / p, y]);
  return drawPlot({
    title: 'Descent in the plane',
    description: `from ${start.map((each) => formatSigned(Number(each.toFixed(2)))).join(', ')}; a click sets another start`,
    x: X,
    y: Y,
    drawn: [
      { kind: 'curve', look: 'quiet', points: jump },
      { kind: 'point', look: 'quiet', at: problem.box, label: 's = (3, 5)' },
      { kind: 'point', look: 'quiet', at: [0, 0], label: 's = (0, 0)', side: 'left' },
      { kind: 'point', look: 'second', at: start },
    ],
    legend: [
      { name: 'descent', look: 'first', kind: 'curve' },
      { name: 'line on which s jumps', look: 'quiet', kind: 'curve' },
    ],
  });
}
