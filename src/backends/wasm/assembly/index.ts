// The interpreter: carries out instructions one after the other, loops included, without leaving WebAssembly.
import { Code, Copy, Header, Loop, Renew } from '../instructions';
import { prepareIteration } from './iterate';
import { buffer, useTable, useWorkspace, word } from './memory';
import { performRange, unitsOf, workOf } from './perform';
import { preparePanels } from './product';
import { divide, hasTeam, serve, useTeam } from './team';

export { serve, useTeam, useWorkspace };

/** Multiplications, or what takes about as long, from which on an instruction is divided: about ten microseconds. */
const WORTH_DIVIDING: i64 = 1 << 18;

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
    perform(at);
    at += (<usize>word(at, Header.length)) << 2;
  }
}

function perform(at: usize): void {
  const code = word(at, Header.code);
  if (code === Code.loop) repeat(at);
  else if (code === Code.copy)
    memory.copy(buffer(at, Copy.to), buffer(at, Copy.from), (<usize>word(at, Copy.size)) << 2);
  else if (code === Code.renew) store<i32>(program + ((<usize>word(at, Renew.pack)) << 2), 0);
  else {
    if (code === Code.product) preparePanels(at, program);
    else if (code === Code.iterate) prepareIteration(at);
    const units = unitsOf(at);
    if (hasTeam() && workOf(at) >= WORTH_DIVIDING) divide(at, units);
    else performRange(at, 0, units);
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
