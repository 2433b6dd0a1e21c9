// The interpreter: carries out instructions one after the other, loops included, without leaving WebAssembly.
import {
  Code,
  Combine,
  Copy,
  Elementwise,
  Header,
  Loop,
  Move,
  Product,
  Reduce,
  Renew,
  Rows,
  Scalar,
  Solve,
} from '../instructions';
import { combine } from './combine';
import { elementwise } from './elementwise';
import { buffer, useTable, useWorkspace, word } from './memory';
import { move } from './move';
import { preparePanels, product } from './product';
import { reduce } from './reduce';
import { rows } from './rows';
import { scalar } from './scalar';
import { solve } from './solve';

export { useWorkspace };

/** The words of the Program that is being run. */
let program: usize = 0;

/**
 * Runs a Program.
 * @param at its words, `length` of them: from `start` on its instructions, before them those that tell what is packed
 * @param table addresses of its buffers
 */
export function run(at: usize, start: i32, length: i32, table: usize): void {
  program = at;
  useTable(table);
  execute(at + ((<usize>start) << 2), at + ((<usize>length) << 2));
}

function execute(at: usize, end: usize): void {
  while (at < end) {
    if (word(at, Header.code) === Code.loop) repeat(at);
    else perform(at);
    at += (<usize>word(at, Header.length)) << 2;
  }
}

/** The copies on entry, then passes while the flag is not 0. */
function repeat(at: usize): void {
  // The flag first: a copy may overwrite its storage.
  let isOpen = load<f32>(buffer(at, Loop.initialFlag)) !== 0;
  const body = at + ((<usize>word(at, Loop.body)) << 2);
  const end = at + ((<usize>word(at, Header.length)) << 2);
  const limit = word(at, Loop.limit);
  execute(at + ((<usize>Loop.end) << 2), body);
  for (let pass = 0; pass < limit && isOpen; pass++) {
    execute(body, end);
    isOpen = load<f32>(buffer(at, Loop.flag)) !== 0;
  }
}

function perform(at: usize): void {
  switch (word(at, Header.code)) {
    case Code.copy:
      memory.copy(buffer(at, Copy.to), buffer(at, Copy.from), (<usize>word(at, Copy.size)) << 2);
      break;
    case Code.product:
      preparePanels(at, program);
      product(at, 0, word(at, Product.m));
      break;
    case Code.elementwise:
      elementwise(at, 0, elementsOf(at));
      break;
    case Code.combine:
      combine(at, 0, word(at, Combine.rows));
      break;
    case Code.move:
      move(at, 0, word(at, Move.outer));
      break;
    case Code.reduce:
      reduce(at, 0, word(at, Reduce.outer));
      break;
    case Code.rows:
      rows(at, 0, word(at, Rows.rows));
      break;
    case Code.scalar:
      scalar(at, 0, word(at, Scalar.batch));
      break;
    case Code.solve:
      solve(at, 0, word(at, Solve.batch));
      break;
    case Code.renew:
      store<i32>(program + ((<usize>word(at, Renew.pack)) << 2), 0);
      break;
    default:
      unreachable();
  }
}

function elementsOf(at: usize): i32 {
  let elements = 1;
  for (let axis = 0; axis < 4; axis++) elements *= word(at, Elementwise.shape + axis);
  return elements;
}
