// The module that is fetched when a Program first needs it. Each thread has an instance of its own, on the same memory.
import { Extra, ExtraOperation } from '../extra-instructions';
import { batchedInvert } from './batched-invert';
import { batchedProduct } from './batched-product';
import { cholesky } from './cholesky';
import { watchStopAt } from './clock';
import { useTable, useWorkspace, word } from './memory';
import { projectSimplex } from './project-simplex';
import { triangularSolve } from './triangular-solve';

export { useWorkspace, watchStopAt };

/**
 * Performs the units `first` to `last` of an instruction.
 * @param table address of the table of buffers of the Program
 */
export function perform(table: usize, at: usize, first: i32, last: i32): void {
  useTable(table);
  switch (word(at, Extra.operation)) {
    case ExtraOperation.batchedProduct:
      batchedProduct(at, first, last);
      break;
    case ExtraOperation.batchedInvert:
      batchedInvert(at, first, last);
      break;
    case ExtraOperation.cholesky:
      cholesky(at, first, last);
      break;
    case ExtraOperation.triangularSolve:
      triangularSolve(at, first, last);
      break;
    case ExtraOperation.projectSimplex:
      projectSimplex(at, first, last);
      break;
    default:
      unreachable();
  }
}
