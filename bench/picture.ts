/** Draws a training run as an SVG that is legible on light and on dark pages. */
import { linear, logarithmic, pageOf, type Scale } from './svg.ts';

export interface Run {
  readonly backend: string;
  readonly seconds: number;
  readonly epochs: readonly {
    readonly epoch: number;
    readonly loss: number;
    readonly accuracy: number;
    readonly heldOut: number;
    readonly iterationsForward: number;
    readonly iterationsBackward: number;
  }[];
}

interface Curve {
  readonly label: string;
  readonly colour: string;
  readonly values: readonly number[];
}

interface Panel {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
  /** Runs from the bottom to the top. */
  readonly scale: Scale;
}

const WIDTH = 300;
const HEIGHT = 190;
const GAP = 62;
const LEFT = 50;
const TOP = 64;

export function drawRun(run: Run): string {
  const valuesOf = (key: Exclude<keyof Run['epochs'][number], 'epoch'>): number[] =>
    run.epochs.map((epoch) => epoch[key]);
  const last = run.epochs[run.epochs.length - 1];
  const panels: Panel[] = [
    {
      title: 'Cross-entropy on the training digits',
      curves: [{ label: 'loss', colour: '#d1495b', values: valuesOf('loss') }],
      ticks: [0.001, 0.01, 0.1, 1],
      format: String,
      scale: logarithmic(0.001, 3),
    },
    {
      title: 'Accuracy',
      curves: [
        { label: 'training', colour: '#8d99ae', values: valuesOf('accuracy') },
        { label: '360 held-out', colour: '#00798c', values: valuesOf('heldOut') },
      ],
      ticks: [0.9, 0.95, 1],
      format: (value) => `${Math.round(value * 100)} %`,
      scale: linear(0.88, 1),
    },
    {
      title: 'Iterations per sample',
      curves: [
        { label: 'forward', colour: '#edae49', values: valuesOf('iterationsForward') },
        { label: 'backward', colour: '#6f5aa8', values: valuesOf('iterationsBackward') },
      ],
      ticks: [0, 10, 20, 30],
      format: String,
      scale: linear(0, Math.max(35, ...valuesOf('iterationsForward'))),
    },
  ];
  const width = LEFT + panels.length * (WIDTH + GAP);
  const caption =
    `z = relu(Wz + Ux + c), width 100, and a dense layer; 1437 digits, 40 epochs in ${run.seconds} s on ${run.backend}; ` +
    `held-out accuracy ${(100 * last.heldOut).toFixed(1)} %`;
  const body = panels.map((panel, index) => drawPanel(panel, LEFT + index * (WIDTH + GAP), run.epochs.length));
  return pageOf(width, HEIGHT + TOP + 50, caption, body);
}

function drawPanel({ title, curves, ticks, format, scale }: Panel, left: number, count: number): string {
  const x = (epoch: number): number => left + (WIDTH * (epoch - 1)) / Math.max(count - 1, 1);
  const y = (value: number): number => TOP + HEIGHT * (1 - scale(value));
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${left}" x2="${left + WIDTH}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}"/>` +
      `<text x="${left - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${format(tick)}</text>`,
  );
  const epochs = [1, Math.round(count / 2), count].map(
    (epoch) => `<text x="${x(epoch)}" y="${TOP + HEIGHT + 18}" text-anchor="middle">${epoch}</text>`,
  );
  const lines = curves.map(({ colour, values, label }, index) => {
    const points = values.map((value, epoch) => `${x(epoch + 1).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    return (
      `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points}"/>` +
      `<text x="${left + WIDTH}" y="${TOP - 10 - 15 * (curves.length - 1 - index)}" text-anchor="end" style="fill: ${colour}">${label}</text>`
    );
  });
  const heading = `<text x="${left}" y="${TOP - 10}" font-weight="600">${title}</text>`;
  const axis = `<text x="${left + WIDTH / 2}" y="${TOP + HEIGHT + 36}" text-anchor="middle">epoch</text>`;
  return [heading, ...grid, ...epochs, axis, ...lines].join('\n');
}
