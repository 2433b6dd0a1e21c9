// Chooses the kernel of an instruction by its code, and says into how many units the instruction can be divided.
import { Chain } from '../chain-instructions';
import { Extra } from '../extra-instructions';
import {
  BLOCK,
  Code,
  Combine,
  Descend,
  Elementwise,
  Header,
  Homotopy,
  Invert,
  Iterate,
  Move,
  Product,
  Reduce,
  Rows,
  Scalar,
  Solve,
} from '../instructions';
import { combine } from './combine';
import { descend } from './descend';
import { elementwise, isTransposition } from './elementwise';
import { performExtra } from './extra';
import { homotopy } from './homotopy';
import { eliminate, panel, pivot } from './invert';
import { iterate } from './iterate';
import { real, word } from './memory';
import { move } from './move';
import { PANEL } from './pack';
import { finishRows, product } from './product';
import { reduce } from './reduce';
import { rows } from './rows';
import { scalar } from './scalar';
import { solve } from './solve';

/**
 * Performs the units (rows, samples or elements) `first` to `last` of an instruction. Units are independent of one
 * another.
 */
export function performRange(at: usize, first: i32, last: i32): void {
  switch (word(at, Header.code)) {
    case Code.product:
      product(at, first, last);
      break;
    case Code.elementwise:
      elementwise(at, first, last);
      break;
    case Code.combine:
      combine(at, first, last);
      break;
    case Code.move:
      move(at, first, last);
      break;
    case Code.reduce:
      reduce(at, first, last);
      break;
    case Code.rows:
      rows(at, first, last);
      break;
    case Code.scalar:
      scalar(at, first, last);
      break;
    case Code.solve:
      solve(at, first, last);
      break;
    case Code.descend:
      descend(at, first, last);
      break;
    case Code.homotopy:
      homotopy(at, first, last);
      break;
    case Code.iterate:
      iterate(at, first, last);
      break;
    case Code.pivot:
      pivot(at);
      break;
    case Code.panel:
      panel(at, first, last);
      break;
    case Code.eliminate:
      eliminate(at, first, last);
      break;
    case Code.finish:
      finishRows(at, first, last);
      break;
    case Code.extra:
      performExtra(at, first, last);
      break;
    case Code.chain:
      performRows(at, first, last);
      break;
    default:
      unreachable();
  }
}

/** Performs the instructions of a chain on the rows `first` to `last` of those in progress, on one after the other. */
function performRows(at: usize, first: i32, last: i32): void {
  const done = word(at, Chain.done);
  const columns = word(at, Chain.columns);
  const end = endOf(at);
  for (let row = done + first; row < done + last; row++) {
    for (let member = firstMember(at); member < end; member = endOf(member)) {
      if (word(member, Header.code) === Code.elementwise) {
        elementwise(member, row * columns, min((row + 1) * columns, unitsOf(member)));
      } else {
        performRange(member, row, row + 1);
      }
    }
  }
}

/** The first instruction of a chain. */
function firstMember(at: usize): usize {
  return at + ((<usize>Chain.end) << 2);
}

/** Where the next instruction begins. */
export function endOf(at: usize): usize {
  return at + ((<usize>word(at, Header.length)) << 2);
}

export function unitsOf(at: usize): i32 {
  switch (word(at, Header.code)) {
    case Code.product:
    case Code.finish:
      return word(at, Product.m);
    case Code.extra:
      return word(at, Extra.count);
    case Code.chain:
      return word(at, Chain.count);
    case Code.elementwise: {
      const shape = Elementwise.shape;
      return word(at, shape) * word(at, shape + 1) * word(at, shape + 2) * word(at, shape + 3);
    }
    case Code.combine:
      return word(at, Combine.rows);
    case Code.move:
      return word(at, Move.outer);
    case Code.reduce:
      return word(at, Reduce.outer);
    case Code.rows:
      return word(at, Rows.rows);
    case Code.scalar:
      return word(at, Scalar.batch);
    case Code.solve:
      return word(at, Solve.batch);
    case Code.iterate:
      return word(at, Iterate.batch);
    case Code.pivot:
      return 1;
    case Code.panel:
      return (word(at, Invert.order) + PANEL - 1) / PANEL;
    case Code.eliminate:
      return word(at, Invert.order);
    case Code.descend:
      return word(at, Descend.groups);
    default:
      return word(at, Homotopy.groups);
  }
}

/**
 * A thread takes a multiple of this number of units at a time. It is usually four, so that no two threads write into
 * the same vector of four numbers, and one where a kernel never writes beyond its units.
 */
export function evenUnits(at: usize): i32 {
  const code = word(at, Header.code);
  if (code === Code.elementwise && isTransposition(at)) return word(at, Elementwise.shape + 3);
  if (code === Code.extra) return word(at, Extra.even);
  return code === Code.descend || code === Code.homotopy || code === Code.panel || code === Code.chain ? 1 : 4;
}

/**
 * The work of one element of an element-wise operation and of a row operation, in multiplications that take as long.
 */
const ELEMENT_WORK: i64 = 8;
const ROW_WORK: i64 = 64;
/** The number of iterations that a whole loop is assumed to take at least. */
const ITERATIONS: i64 = 4;

/** The approximate work of an instruction, in multiplications that take as long; 0 where it is always small. */
export function workOf(at: usize): i64 {
  const units = <i64>unitsOf(at);
  switch (word(at, Header.code)) {
    case Code.product:
      return units * <i64>word(at, Product.n) * <i64>word(at, Product.k);
    case Code.finish:
      return units * <i64>word(at, Product.n) * ELEMENT_WORK;
    case Code.extra:
      return <i64>(<f32>units * real(at, Extra.work));
    case Code.chain:
      return units * workOfRow(at);
    case Code.elementwise:
      return units * ELEMENT_WORK;
    case Code.combine:
      return units * <i64>word(at, Combine.columns) * ELEMENT_WORK;
    case Code.reduce:
      return units * <i64>(word(at, Reduce.middle) * word(at, Reduce.inner)) * ELEMENT_WORK;
    case Code.rows:
      return units * <i64>word(at, Rows.columns) * ROW_WORK;
    case Code.iterate:
      return units * <i64>word(at, Iterate.n) * <i64>word(at, Iterate.stride) * ITERATIONS;
    case Code.panel:
      return units * <i64>(PANEL * BLOCK * BLOCK);
    case Code.eliminate:
      return units * units * <i64>BLOCK;
    case Code.descend:
      return units * <i64>word(at, Descend.features) * <i64>word(at, Descend.rows);
    case Code.homotopy:
      return units * <i64>word(at, Homotopy.features) * <i64>word(at, Homotopy.rows);
    default:
      return 0;
  }
}

/** The work of a chain on one row. */
export function workOfRow(at: usize): i64 {
  let members: i64 = 0;
  for (let member = firstMember(at); member < endOf(at); member = endOf(member)) members += 1;
  return members * <i64>word(at, Chain.columns) * ELEMENT_WORK;
}
