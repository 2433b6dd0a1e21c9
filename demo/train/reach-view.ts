/** Shows how a solver reaches a fixed point: residual, z and probabilities after each iteration. */
import type { ForwardSolverName, SolveStatus } from '../../src/index.ts';
import type { DataSummary, ReachedPoint, ReachInput } from '../model/protocol.ts';
import {
  createElement,
  findElement,
  findSelect,
  findInput as inputOf,
  isAbort,
  readMessage,
  setText,
} from '../page/elements.ts';
import { arrangeMaps, chooseGrid, clearCanvas, drawSigned } from '../page/images.ts';
import { createLineChart } from '../page/line-chart.ts';
import { onColourChange } from '../page/theme.ts';
import { formatNumber } from '../page/words.ts';
import { findLabel } from './labels.ts';
import { formatPercent, formatPower } from './progress-view.ts';

const SOLVERS: readonly ForwardSolverName[] = [
  'peaceman-rachford',
  'anderson-peaceman-rachford',
  'anderson-picard',
  'picard',
  'forward-backward',
];

const LABELS: Partial<Record<ForwardSolverName, string>> = {
  picard: 'Picard: z ← σ(Wz + b)',
  'anderson-picard': 'Picard, Anderson',
};

/** The number of iterations that are followed. */
const LIMIT = 60;

type Reach = (input: ReachInput, onPart: (point: ReachedPoint) => void, signal: AbortSignal) => Promise<SolveStatus>;

interface ReachView {
  /** Prepares for the classes or the targets of other data. */
  expect(data: DataSummary): void;
  /** Follows the solver on one row, or on none where `inputs` is undefined. */
  follow(inputs: Float32Array | undefined): void;
}

export function createReachView(reach: Reach): ReachView {
  const chart = createLineChart(findElement('chart-residual', HTMLElement), {
    lines: [
      { name: 'residual', look: 'first' },
      { name: 'tolerance', look: 'second' },
    ],
    x: 'iteration',
    scale: 'logarithmic',
    format: (value) => value.toExponential(0),
    ticks: formatPower,
    height: 180,
  });
  const slider = inputOf('iteration');
  const solver = findSelect('reach-solver');
  solver.append(...SOLVERS.map((name) => new Option(LABELS[name] ?? findLabel(name), name)));
  let outputs: Outputs = { names: [], areProbabilities: true };
  let points: ReachedPoint[] = [];
  let inputs: Float32Array | undefined;
  let current = new AbortController();

  const show = (index: number): void => {
    const point = points[index];
    if (!point) return;
    setText('iteration-text', `${point.iterations} of ${points[points.length - 1].iterations}`);
    showOutputs(outputs, point.outputs);
    showState(point, points);
  };
  const drawChart = (): void => {
    const iterations = points.map((point) => point.iterations);
    chart.update(iterations, [points.map(({ residual }) => residual), points.map(({ tolerance }) => tolerance)]);
  };
  const reset = (): void => {
    points = [];
    slider.disabled = true;
    setText('iteration-text', '–');
    drawChart();
    showOutputs(outputs, undefined);
    clearState();
  };
  const run = async (): Promise<void> => {
    current.abort();
    if (!inputs) return;
    current = new AbortController();
    const { signal } = current;
    points = [];
    try {
      const status = await reach(
        { inputs, solver: solver.value as ForwardSolverName, limit: LIMIT },
        (point) => {
          points.push(point);
          slider.disabled = false;
          slider.max = String(points.length);
          slider.value = slider.max;
          show(points.length - 1);
          drawChart();
        },
        signal,
      );
      setText('reach-state', describeEnd(status, points[points.length - 1]));
    } catch (error) {
      if (!isAbort(error)) setText('reach-state', readMessage(error));
    }
  };
  slider.addEventListener('input', () => show(Number(slider.value) - 1));
  solver.addEventListener('change', () => void run());
  onColourChange(() => show(Number(slider.value) - 1));
  return {
    expect({ classNames, targets }) {
      const areProbabilities = targets.length === 0;
      outputs = { names: areProbabilities ? classNames : targets, areProbabilities };
      setText('title-outputs', areProbabilities ? 'Probabilities' : 'Prediction');
      inputs = undefined;
      current.abort();
      reset();
      setText('reach-state', 'Train a model or load a checkpoint; then choose a row.');
    },
    follow(given) {
      inputs = given;
      if (given) void run();
      else {
        current.abort();
        reset();
        setText('reach-state', 'Draw, or choose a held-out row.');
      }
    },
  };
}

function describeEnd(status: SolveStatus, { iterations, residual, tolerance }: ReachedPoint): string {
  const at = `residual ${residual.toExponential(1)} after ${iterations} ${iterations === 1 ? 'iteration' : 'iterations'}`;
  const sentences: Readonly<Partial<Record<SolveStatus, string>>> = {
    converged: `Reached: ${at}, below the tolerance ${tolerance}.`,
    stalled: `Reached to the precision of float32: ${at}.`,
    limit: `Not reached: ${at}, above the tolerance ${tolerance}.`,
    diverged: `Diverged: ${at}. This solver converges only if z ↦ σ(Wz + b) is a contraction.`,
  };
  return sentences[status] ?? status;
}

/** What the outputs of the model are: probabilities of these classes, or these targets. */
interface Outputs {
  readonly names: readonly string[];
  readonly areProbabilities: boolean;
}

function showOutputs({ names, areProbabilities }: Outputs, outputs: ArrayLike<number> | undefined): void {
  const list = findElement('classes', HTMLOListElement);
  const all = Array.from(outputs ?? []);
  const best = areProbabilities && outputs ? all.indexOf(Math.max(...all)) : -1;
  list.classList.toggle('numbers', !areProbabilities);
  if (list.childElementCount !== names.length) {
    list.replaceChildren(
      ...names.map(() =>
        createElement(
          'li',
          {},
          createElement('span'),
          createElement('span', { class: 'bar', 'aria-hidden': 'true' }, createElement('span')),
          createElement('span', { class: 'share' }),
        ),
      ),
    );
  }
  for (const [index, item] of [...list.children].entries()) {
    const [name, bar, share] = item.children;
    item.className = index === best ? 'best' : '';
    name.textContent = names[index];
    const value = all[index] ?? 0;
    const width = areProbabilities ? 100 * value : 0;
    (bar.firstElementChild as HTMLElement).style.width = `${width.toFixed(1)}%`;
    const format = areProbabilities ? formatPercent : formatNumber;
    share.textContent = outputs ? format(value) : '–';
  }
}

function clearState(): void {
  const canvas = findElement('z', HTMLCanvasElement);
  clearCanvas(canvas);
  canvas.setAttribute('aria-label', 'The numbers of z as an image: none yet');
}

/** Draws z on one scale for all iterations, so that it visibly settles. */
function showState({ z, shape, iterations }: ReachedPoint, points: readonly ReachedPoint[]): void {
  const { z: final } = points[points.length - 1];
  const largest = final.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const canvas = findElement('z', HTMLCanvasElement);
  const picture = shape.length === 3 ? arrangeMaps(z, shape) : { values: z, shape: chooseGrid(z.length) };
  drawSigned(canvas, picture.values, picture.shape, largest);
  const what = shape.length === 3 ? `${shape[0]} feature maps` : `${z.length} numbers`;
  setText('title-state', shape.length === 3 ? `z, ${shape[0]} feature maps` : 'z');
  canvas.setAttribute(
    'aria-label',
    `The ${what} of z after ${iterations} iterations as an image; the largest is ${largest.toPrecision(2)}`,
  );
}
