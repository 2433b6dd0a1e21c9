// The module that is fetched when a Program first needs it: each thread has one of its own, on the same memory.
import { Extra, ExtraOperation } from '../instructions';
import { batchedProduct } from './batched-product';
import { useTable, useWorkspace, word } from './memory';

export { useWorkspace };

/** The units `first` to `last` of an instruction. @param table addresses of the buffers of the Program */
export function perform(table: usize, at: usize, first: i32, last: i32): void {
  useTable(table);
  switch (word(at, Extra.operation)) {
    case ExtraOperation.batchedProduct:
      batchedProduct(at, first, last);
      break;
    default:
      unreachable();
  }
}
