// The module for images and their spectra, which is fetched when a Program first needs it. Each thread has an instance
// of its own, on the same memory. See spectrum-kernels.ts for the formulas.
import { Extra } from '../extra-instructions';
import { SpectrumOperation } from '../spectrum-instructions';
import { watchStopAt } from './clock';
import { complexProduct } from './complex-product';
import { fourier } from './fourier';
import { useTable, useWorkspace, word } from './memory';

export { useWorkspace, watchStopAt };

/** Performs the units `first` to `last` of an instruction; see second-module.ts. */
export function perform(table: usize, at: usize, first: i32, last: i32): void {
  useTable(table);
  if (word(at, Extra.operation) === SpectrumOperation.fourier) fourier(at, first, last);
  else complexProduct(at, first, last);
}
