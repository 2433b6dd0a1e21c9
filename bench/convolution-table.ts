/** The results of `npm run convolution`: the JSON that is written, and its tables. */
import type { RunDescription } from './command.ts';
import type { ConvolutionMemory, Count, Counts } from './convolution-works.ts';
import { median } from './measure.ts';
import { markdownTable } from './table.ts';

export interface ConvolutionTimes {
  readonly name: string;
  /** Milliseconds of each repetition. */
  readonly solve: readonly number[];
  readonly step: readonly number[];
}

export interface ConvolutionFinding {
  readonly network: string;
  readonly images: string;
  readonly times: readonly ConvolutionTimes[];
  /** Milliseconds of a training step, by the size of the batch. */
  readonly batches: readonly { readonly batch: number; readonly step: readonly number[] }[];
  readonly memory: readonly ConvolutionMemory[];
  /** By the seed. */
  readonly fresh: readonly Counts[];
  readonly trained: Counts & { readonly steps: number; readonly lossBefore: number; readonly loss: number };
  /** The share of all processors that other programs used meanwhile. */
  readonly others?: number;
}

export interface ConvolutionResults extends RunDescription {
  readonly batch: number;
  readonly threads: number;
  /** The relative residual at which solves stop. */
  readonly tolerance: number;
  readonly notes: readonly string[];
  readonly findings: readonly ConvolutionFinding[];
}

const LEGEND =
  'A solve is one forward pass; a step is that, the gradients of all parameters, and an update by Adam. PyTorch does the same ' +
  'in a process of its own, on as many threads, by its fast Fourier transform and complex products over the half ' +
  'spectrum, and takes turns with the library; its allocator keeps freed memory. The library stops at a relative ' +
  'residual, the authors (and PyTorch here) at a relative step, which says nothing of the error: the residuals shown are true ' +
  'ones, the largest of the batch. Iterations are the mean over the batch; by step are those, forward and backward, after ' +
  'which the whole batch changes by a hundredth at most, the rule of the authors. Bytes are those of a forward and a backward solve ' +
  'that take all of their iterations.';

const milliseconds = (times: readonly number[]): string =>
  `${Math.round(median(times))} (${Math.round(Math.min(...times))}–${Math.round(Math.max(...times))})`;
const countCells = ({ mean, residual }: Count): string[] => [
  String(Number(mean.toFixed(2))),
  residual.toExponential(1),
];
const COUNT_HEADING = ['iterations forward', 'residual', 'iterations backward', 'residual', 'by step'];
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

export function convolutionTextOf({ batch, threads, findings, notes, ...results }: ConvolutionResults): string {
  const { date, equilibra, node, processor } = results;
  const sections = findings.map((finding) => sectionOf(finding, batch));
  const made = `Equilibra ${equilibra}, Node ${node}, ${processor.name}, ${processor.cores} cores, ${threads} threads, ${date}.`;
  return `${['# Convolutional networks', ...sections, LEGEND, made, ...notes].join('\n\n')}\n`;
}

function sectionOf(
  { network, images, times, batches, memory, fresh, trained, others }: ConvolutionFinding,
  batch: number,
) {
  const [own, ...peers] = times;
  const ratios = (what: 'solve' | 'step', peer: ConvolutionTimes): string =>
    (median(peer[what]) / median(own[what])).toFixed(2);
  const first = batches[0];
  return [
    `## ${network}`,
    `${images}. Milliseconds at batch ${batch}: median (least–most).${others === undefined ? '' : ` Others used ${Math.round(100 * others)} % of the processors.`}`,
    markdownTable([
      ['', 'solve', 'step'],
      ...times.map(({ name, solve, step }) => [name, milliseconds(solve), milliseconds(step)]),
      ...peers.map((peer) => [`${peer.name} / ${own.name}`, ratios('solve', peer), ratios('step', peer)]),
    ]),
    markdownTable([
      ['batch', 'step', 'of an image'],
      ...batches.map(({ batch, step }) => [String(batch), milliseconds(step), (median(step) / batch).toFixed(2)]),
    ]),
    `From batch ${first.batch} on, a step takes ${slopeOf(batches).toFixed(2)} ms for each further image.`,
    markdownTable([
      ['iterations', `MB at batch ${memory[0].batch}`],
      ...memory.map(({ limit, bytes }) => [String(limit), megabytes(bytes)]),
    ]),
    markdownTable([
      ['parameters', ...COUNT_HEADING],
      ...fresh.map((counts, seed) => [`fresh, seed ${seed}`, ...rowOf(counts)]),
      [
        `seed 0 after ${trained.steps} steps, loss ${trained.lossBefore.toFixed(2)} to ${trained.loss.toFixed(2)}`,
        ...rowOf(trained),
      ],
    ]),
  ].join('\n\n');
}

const rowOf = ({ forward, backward, byStep }: Counts): string[] => [
  ...countCells(forward),
  ...countCells(backward),
  `${byStep.forward} and ${byStep.backward}`,
];

/** Milliseconds for each further image, between the smallest and the largest batch. */
function slopeOf(batches: ConvolutionFinding['batches']): number {
  const [first, last] = [batches[0], batches[batches.length - 1]];
  if (first.batch === last.batch) return median(first.step) / first.batch;
  return (median(last.step) - median(first.step)) / (last.batch - first.batch);
}
