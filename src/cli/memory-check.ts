/** Refuses sizes that cannot be trained on this computer, before anything is allocated. */
import { totalmem } from 'node:os';
import type { BackendName } from '../index.ts';
import { InputError } from './io.ts';

/** How large the equilibrium layer is: its width over rows, or its channels and kernels over images of a shape. */
export type LayerSize = { readonly width: number } | ConvolutionSize;

interface ConvolutionSize {
  readonly channels: number;
  readonly kernel: number;
  readonly shape: readonly number[];
}

/** What decides how much memory training takes. */
export type TrainingSizes = LayerSize & RowSizes;

interface RowSizes {
  readonly batch: number;
  readonly features: number;
  readonly classes: number;
}

/**
 * Copies of the parameters at the peak of a step: gradients, the memory of the optimiser, W, the resolvent and what
 * computes it. Measured for Adam at widths 600 and 1200 on wasm: 19.7 and 18.4.
 */
const COPIES = 18;
/** Copies of a batch of rows as wide as the layer and its input; measured likewise: 15 and 6. */
const ROW_COPIES = 10;
/**
 * Copies of the matrices of a convolution, channels × channels for each pixel of an image with its border, and of a
 * batch of images of all channels. Measured for six networks from 16 channels at 8 × 8 to 54 at 28 × 28 on wasm: 11 to
 * 26 (15 where it is a large part), and 29.
 */
const CONVOLUTION_COPIES = 13;
const IMAGE_COPIES = 29;
/** 32-bit WebAssembly has no more. */
const WASM_BYTES = 2 ** 32;

/** The bytes that training takes, to about a third. */
export function estimateTrainingBytes(sizes: TrainingSizes, backend: BackendName): number {
  const numbers = 'width' in sizes ? countOverRows(sizes) : countOverImages(sizes);
  return (backend === 'cpu' ? 8 : 4) * numbers;
}

function countOverRows({ width, batch, features, classes }: RowSizes & { readonly width: number }): number {
  const parameters = 2 * width ** 2 + width * (features + classes + 1) + classes;
  return COPIES * parameters + ROW_COPIES * batch * (width + features + classes);
}

function countOverImages({ channels, kernel, shape, batch }: RowSizes & ConvolutionSize): number {
  const [, rows, columns] = shape;
  const pixels = (rows + kernel - 1) * (columns + kernel - 1);
  return CONVOLUTION_COPIES * pixels * channels ** 2 + IMAGE_COPIES * batch * pixels * channels;
}

/** @throws InputError that names the option, what it would take, and the largest value that fits */
export function checkTrainingMemory(sizes: TrainingSizes, backend: BackendName, computer = totalmem()): void {
  const allowed = backend === 'wasm' ? Math.min(WASM_BYTES, computer) : computer;
  const fitsWith = (changed: Partial<Record<'width' | 'channels' | 'batch', number>>): boolean =>
    estimateTrainingBytes({ ...sizes, ...changed }, backend) <= allowed;
  if (fitsWith({})) return;
  // The batch is at fault if even a narrow layer would not fit.
  const [layer, own] = 'width' in sizes ? (['width', sizes.width] as const) : (['channels', sizes.channels] as const);
  const [option, value] = fitsWith({ batch: 1 }) ? (['batch', sizes.batch] as const) : ([layer, own] as const);
  const fits = largest((size) => fitsWith({ [option]: size }));
  const needed = estimateTrainingBytes(sizes, backend);
  const place = backend === 'wasm' && allowed === WASM_BYTES ? 'WebAssembly may hold' : 'this computer has';
  throw new InputError(
    `--${option}: it is ${value}; training would take about ${formatBytes(needed)} of memory, and ${place} ` +
      `${formatBytes(allowed)}: ${fits > 0 ? `at most about ${roundDown(fits)} fits` : 'no value fits'}`,
  );
}

/** The largest integer that fits, 0 if none does. */
function largest(fits: (value: number) => boolean): number {
  let [low, high] = [0, 1];
  while (fits(high)) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** To two digits, since the estimate has no more. */
function roundDown(value: number): number {
  const unit = 10 ** Math.max(Math.floor(Math.log10(value)) - 1, 0);
  return Math.floor(value / unit) * unit;
}

function formatBytes(bytes: number): string {
  const gigabytes = bytes / 1e9;
  return `${gigabytes < 10 ? gigabytes.toFixed(1) : Math.round(gigabytes)} GB`;
}
