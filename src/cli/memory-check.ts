/** Refuses sizes that cannot be trained on this computer, before anything is allocated. */
import { totalmem } from 'node:os';
import type { BackendName } from '../index.ts';
import { InputError } from './io.ts';

/** What decides how much memory training takes. */
export interface TrainingSizes {
  readonly width: number;
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
/** 32-bit WebAssembly has no more. */
const WASM_BYTES = 2 ** 32;

/** The bytes that training takes, to about a third. */
export function estimateTrainingBytes(
  { width, batch, features, classes }: TrainingSizes,
  backend: BackendName,
): number {
  const parameters = 2 * width ** 2 + width * (features + classes + 1) + classes;
  const rows = batch * (width + features + classes);
  return (backend === 'cpu' ? 8 : 4) * (COPIES * parameters + ROW_COPIES * rows);
}

/** @throws InputError that names the option, what it would take, and the largest value that fits */
export function checkTrainingMemory(sizes: TrainingSizes, backend: BackendName, computer = totalmem()): void {
  const allowed = backend === 'wasm' ? Math.min(WASM_BYTES, computer) : computer;
  const bytesOf = (changed: Partial<TrainingSizes>): number => estimateTrainingBytes({ ...sizes, ...changed }, backend);
  const needed = bytesOf({});
  if (needed <= allowed) return;
  // The batch is at fault if even a narrow layer would not fit.
  const option = bytesOf({ batch: 1 }) > allowed ? 'width' : 'batch';
  const fits = largest(
    (value) => bytesOf({ batch: option === 'width' ? sizes.batch : value, [option]: value }) <= allowed,
  );
  const place = backend === 'wasm' && allowed === WASM_BYTES ? 'WebAssembly may hold' : 'this computer has';
  throw new InputError(
    `--${option}: it is ${sizes[option]}; training would take about ${formatBytes(needed)} of memory, and ${place} ` +
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
