/** The exhibit of the ascent that becomes the Lorenz attractor, beside the ascent along the true gradient. */
import { START } from '../../src/gallery/lorenz.ts';
import type { Vector } from '../../src/gallery/lorenz-field.ts';
import { formatSigned } from '../../src/pictures/plot.ts';
import { createElement, findButton, findElement, findInput, isAbort, readMessage, setText } from '../page/elements.ts';
import { createTrafficLight } from '../page/light.ts';
import { type ColourName, onColourChange, resolveColour } from '../page/theme.ts';
import type { Caller } from '../workers/calls.ts';
import type { GradientCalls, LorenzAnswers } from './protocol.ts';

const STEPS = 3000;
const TRUE_STEPS = 12;
/** The attractor winds about this point and stays within REACH of it. */
const CENTRE: Vector = [0, 0, 25];
const REACH = 36;

export function startLorenz(ask: Caller<GradientCalls>): void {
  const canvas = findElement('lorenz-space', HTMLCanvasElement);
  const light = createTrafficLight(findElement('lorenz-light', HTMLElement));
  const turn = findInput('lorenz-turn');
  let dropped: Vector[] = [START];
  let ascending: Vector[] = [START];
  let current: AbortController | undefined;
  let isDue = false;

  const draw = (): void => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      paint(canvas, dropped, ascending, (Number(turn.value) * Math.PI) / 180);
    });
  };
  const stop = (): void => {
    current?.abort();
    current = undefined;
    findButton('lorenz-run').textContent = 'Ascend';
  };
  const run = async (): Promise<void> => {
    if (current) return stop();
    current = new AbortController();
    const { signal } = current;
    dropped = [START];
    ascending = [START];
    findButton('lorenz-run').textContent = 'Stop';
    try {
      await ask(
        'ascend',
        { kind: 'true', from: START, steps: TRUE_STEPS },
        { signal, onPart: (points) => void ascending.push(...points) },
      );
      const farthest = Math.hypot(...ascending[ascending.length - 1]);
      await ask(
        'ascend',
        { kind: 'dropped', from: START, steps: STEPS },
        {
          signal,
          onPart(points) {
            dropped.push(...points);
            setText(
              'lorenz-state',
              `${dropped.length - 1} steps on the attractor; the true gradient is ${farthest.toPrecision(2)} away after ${TRUE_STEPS}.`,
            );
            draw();
          },
        },
      );
      stop();
    } catch (error) {
      if (!isAbort(error)) setText('lorenz-state', readMessage(error));
    }
  };
  findButton('lorenz-run').addEventListener('click', () => void run());
  turn.addEventListener('input', draw);
  onColourChange(draw);
  new ResizeObserver(draw).observe(canvas);
  ask('answers', [5, 2, 20]).then(
    (answers) => {
      showAnswers(answers);
      const [exact] = answers.answers;
      light.show(exact.verdict.status, `at the exact inner solution: ${exact.verdict.reason}`);
    },
    (error: unknown) => setText('lorenz-state', readMessage(error)),
  );
  void run();
}

function showAnswers({ answers, trueGradient, dropped }: LorenzAnswers): void {
  const row = (name: string, value: string): HTMLElement =>
    createElement('tr', {}, createElement('th', { scope: 'row' }, name), createElement('td', {}, value));
  const rows = answers.map(({ distance, answer, verdict }) =>
    row(
      distance === 0 ? `inner solution exact (${verdict.status})` : `off by ${distance} (${verdict.status})`,
      answer.refusal === undefined ? formatVector(answer.value) : 'refused: the system is singular',
    ),
  );
  findElement('lorenz-answers', HTMLTableSectionElement).replaceChildren(
    ...rows,
    row('dz/du dropped, which is F(u)', formatVector(dropped)),
    row('the true gradient', formatVector(trueGradient)),
  );
}

function formatVector(values: Vector): string {
  return `(${values.map((value) => formatSigned(Number(value.toFixed(2)))).join(', ')})`;
}

/** Paints the paths as seen from the side, turned by `angle` about the upright axis z. */
function paint(
  canvas: HTMLCanvasElement,
  dropped: readonly Vector[],
  ascending: readonly Vector[],
  angle: number,
): void {
  const context = canvas.getContext('2d');
  const { clientWidth, clientHeight } = canvas;
  if (!context || clientWidth === 0) return;
  const density = devicePixelRatio;
  canvas.width = Math.round(clientWidth * density);
  canvas.height = Math.round(clientHeight * density);
  context.scale(density, density);
  const scale = clientHeight / 2 / REACH;
  const place = ([x, y, z]: Vector): readonly [number, number] => [
    clientWidth / 2 + scale * ((x - CENTRE[0]) * Math.cos(angle) + (y - CENTRE[1]) * Math.sin(angle)),
    clientHeight / 2 - scale * (z - CENTRE[2]),
  ];
  const curve = (points: readonly Vector[], look: ColourName, width: number, dashes: number[]): void => {
    context.strokeStyle = resolveColour(look);
    context.lineWidth = width;
    context.setLineDash(dashes);
    context.beginPath();
    for (const point of points) context.lineTo(...place(point));
    context.stroke();
    context.setLineDash([]);
  };
  curve(dropped, 'first', 1.1, []);
  curve(ascending, 'second', 2.5, [7, 5]);
  for (const [point, look] of [
    [START, 'ink'],
    [dropped[dropped.length - 1], 'first'],
  ] as const) {
    context.fillStyle = resolveColour(look);
    context.beginPath();
    context.arc(...place(point), 4.5, 0, 2 * Math.PI);
    context.fill();
  }
}
