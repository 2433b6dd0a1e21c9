/** The results of a run of bench/gpu.sh, and their text. */
import { CASES } from '../cases.ts';
import { median, spreadOf } from '../measure.ts';
import { slugOf } from '../results.ts';
import { describe, formatNumber, markdownTable } from '../table.ts';
import type {
  AdapterPart,
  LayerResult,
  LayersPart,
  ParityLine,
  ProductResult,
  TorchLine,
  TorchMode,
  TorchPart,
} from './parts.ts';
import { TORCH_MODES } from './parts.ts';
import type { StatedPeak } from './peaks.ts';

/** How a step of the script ended. */
export interface StepEnd {
  readonly step: string;
  /** Exit code; 124 and 137 mean that its time was up. */
  readonly code: number;
  readonly seconds: number;
}

export interface Parts {
  readonly adapter: AdapterPart;
  readonly steps: readonly StepEnd[];
  readonly parity: readonly ParityLine[];
  readonly products: readonly ProductResult[];
  readonly layers?: LayersPart;
  readonly pytorch?: TorchPart;
}

type TorchLayer = Extract<TorchLine, { kind: 'layer' }>;

interface GPUResults extends Omit<Parts, 'parity' | 'layers' | 'pytorch' | 'products'> {
  readonly date: string;
  readonly equilibra: string;
  readonly node: string;
  readonly processor: { readonly name: string; readonly cores: number };
  /** If true, none of the figures were measured on a GPU. */
  readonly software: boolean;
  readonly parity: { readonly passed: number; readonly failed: readonly ParityLine[]; readonly complete: boolean };
  readonly peak?: StatedPeak;
  readonly products: readonly (ProductResult & { readonly shareOfPeak?: number })[];
  readonly load?: LayersPart['load'];
  readonly layers: readonly LayerResult[];
  readonly pytorch: { readonly about: string; readonly lines: readonly TorchLine[] };
  readonly legend: string;
}

const LEGEND = [
  'products: two square float32 matrices of this size, several one after the other, median; shareOfPeak: of the peak that is stated',
  'layers: milliseconds of 50 iterations and reading z, or of W from A and B, forward and backward solve to 1e-4 and reading the ' +
    'gradient of b; iterations: of the sample that took most',
  'pytorch: the same numbers, algorithm and iterations, without a test of convergence; eager, or captured in a CUDA graph; the ' +
    'inverse by Newton-Schulz as Equilibra has it, or by torch.linalg',
].join('; ');

export function resultsOf(
  parts: Parts,
  peak: StatedPeak | undefined,
  run: Pick<GPUResults, 'date' | 'equilibra' | 'node' | 'processor'>,
): GPUResults {
  const { adapter, steps, parity, products, layers, pytorch } = parts;
  const about = pytorch?.lines.find((line) => line.kind === 'about')?.text;
  const { software } = adapter.adapter;
  return {
    ...run,
    software,
    adapter,
    steps,
    parity: {
      passed: parity.filter(({ error }) => error === undefined).length,
      failed: parity.filter(({ error }) => error !== undefined),
      complete: steps.some(({ step, code }) => step === 'parity' && code <= 1),
    },
    ...(peak && !software && { peak }),
    products: products.map((product) => ({
      ...product,
      ...(peak && !software && product.gigaflops && { shareOfPeak: product.gigaflops / (1000 * peak.teraflops) }),
    })),
    ...(layers && { load: layers.load }),
    layers: layers?.results ?? [],
    pytorch: {
      about: about ?? `PyTorch is not compared: ${pytorch?.skipped ?? 'the step left nothing'}`,
      lines: (pytorch?.lines ?? []).filter((line) => line.kind !== 'about'),
    },
    legend: LEGEND,
  };
}

/** The name of the results' file. It does not call a software adapter a GPU either. */
export function nameOf({ adapter: { adapter } }: Pick<GPUResults, 'adapter'>): string {
  return `${adapter.software ? 'software' : 'gpu'}-${slugOf(adapter.description)}`;
}

/** The report in Markdown. */
export function reportOf(results: GPUResults): string {
  const { adapter, date, node, processor, parity, steps, pytorch, peak, load } = results;
  const failed = parity.failed.map(({ title, error }) => `- ${title}: ${error?.slice(0, 300)}`);
  const unfinished = steps.filter(({ code }) => code !== 0).map(({ step, code }) => `${step} (exit code ${code})`);
  return [
    `# ${describe(adapter.adapter)}, ${date.slice(0, 10)}`,
    '',
    ...(results.software ? ['No figure here is one of a GPU: the adapter is a program on the processor.', ''] : []),
    `Node ${node}, ${processor.cores} × ${processor.name}${adapter.driver ? `; ${adapter.driver}` : ''}. ${pytorch.about}.`,
    ...(load?.watched === false ? ['What other programs did is not known.'] : []),
    ...(unfinished.length > 0 ? [`Not all ended well: ${unfinished.join(', ')}.`] : []),
    '',
    parityLine(results),
    ...failed,
    '',
    `## Products${peak ? `, against ${peak.teraflops} TFLOP/s (${peak.source})` : ''}`,
    '',
    productTable(results),
    '',
    '## Layers: milliseconds, median',
    '',
    layerTable(results),
    '',
    `${results.legend}.`,
    '',
  ].join('\n');
}

function parityLine({ parity, steps }: GPUResults): string {
  if (!steps.some(({ step }) => step === 'parity')) return 'The parity tests were not run.';
  const end = parity.complete ? '' : '; the time was up before the end';
  return `Parity with the float64 oracle: ${parity.passed} tests passed, ${parity.failed.length} failed${end}.`;
}

function productTable({ products, pytorch, peak }: GPUResults): string {
  const share = (value: number | undefined): string => (value === undefined ? '' : `${(100 * value).toFixed(0)} %`);
  const rows = products.map(({ form, transposeB, size, milliseconds, gigaflops, shareOfPeak, error }) => [
    `${form}, ${transposeB ? 'A·Bᵀ' : 'A·B'}`,
    String(size),
    ...(error === undefined
      ? [formatNumber(milliseconds), formatNumber(gigaflops), share(shareOfPeak)]
      : [`failed: ${error}`, '', '']),
  ]);
  const theirs = pytorch.lines.flatMap((line) =>
    line.kind === 'product'
      ? [
          [
            'PyTorch, A·B',
            String(line.size),
            formatNumber(line.milliseconds),
            formatNumber(line.gigaflops),
            share(peak && line.gigaflops / (1000 * peak.teraflops)),
          ],
        ]
      : [],
  );
  return markdownTable([['form', 'n', 'ms', 'GFLOP/s', 'of peak'], ...rows, ...theirs]);
}

function layerTable({ layers, pytorch }: GPUResults): string {
  const theirs = pytorch.lines.filter((line): line is TorchLayer => line.kind === 'layer');
  const modes = TORCH_MODES.filter((mode) => theirs.some((line) => line.mode === mode));
  const headings = [
    'case',
    'batch × width',
    'Equilibra',
    'spread',
    'loaded',
    'iterations',
    ...modes.map((mode) => `PyTorch ${mode}`),
  ];
  const rows = layers.map((layer) => {
    const { case: name, batch, width, timing, iterations, error } = layer;
    const own = timing
      ? [
          formatNumber(timing.median),
          `${(100 * spreadOf(timing)).toFixed(0)} %`,
          `${timing.foreign} of ${timing.all.length}`,
        ]
      : [`failed: ${error}`, '', ''];
    const counts = iterations ? `${iterations.forward} / ${iterations.backward}` : '';
    return [
      CASES[name].title,
      `${batch} × ${width}`,
      ...own,
      counts,
      ...modes.map((mode) => torchCell(layer, mode, theirs)),
    ];
  });
  return markdownTable([headings, ...rows]);
}

/**
 * Milliseconds, followed in brackets by the multiple of Equilibra's time. A wrong answer counts as a failure, however
 * fast it was.
 */
function torchCell(layer: LayerResult, mode: TorchMode, lines: readonly TorchLayer[]): string {
  const same = (line: TorchLayer): boolean =>
    line.mode === mode && line.case === layer.case && line.batch === layer.batch && line.width === layer.width;
  const line = lines.find(same);
  if (!line) return '';
  const { all, difference = 0, error } = line;
  if (!all || error !== undefined) return 'failed';
  if (!(difference <= CASES[layer.case].agreement)) return `differs by ${difference.toExponential(1)}`;
  const time = median(all);
  return `${formatNumber(time)}${layer.timing ? ` (${formatNumber(time / layer.timing.median)} ×)` : ''}`;
}
