// The module for cone programs, which is fetched when a Program first needs it. Each thread has an instance of its own, on
// the same memory.
import {
  CONE_DERIVATIVE_SAMPLE_NUMBERS,
  CONE_SAMPLE_NUMBERS,
  ConeProgramFields,
  ConeProgramOperation,
} from '../cone-program-instructions';
import { Extra } from '../extra-instructions';
import { beat, watchStopAt } from './clock';
import { fraction, reach, residual, solveDerivative } from './cone-derivative';
import { iterations, solveConeProgram } from './cone-interior-point';
import * as data from './cone-program-data';
import * as state from './cone-program-state';
import { pivotOfRows, pivotOfVariables } from './cone-system';
import { at8, entry } from './entries';
import { buffer, useTable, useWorkspace, word } from './memory';
import { storeWide } from './wide';

export { useWorkspace, watchStopAt };

/** Performs the units `first` to `last` of an instruction; see second-module.ts. */
export function perform(table: usize, at: usize, first: i32, last: i32): void {
  useTable(table);
  const slot = <usize>(first - word(at, Extra.done)) * <usize>word(at, ConeProgramFields.spaceOfSample);
  const space = buffer(at, ConeProgramFields.space) + (slot << 3);
  const operation = word(at, Extra.operation);
  const prepared = buffer(at, ConeProgramFields.prepared);
  const isOwn = prepared === 0;
  data.layOut(at, prepared, space);
  if (isOwn) data.layOut(at, space, at8(space, data.preparedSize()));
  if (operation === ConeProgramOperation.prepareConeProgram) {
    data.readMatrices(at, 0);
    return;
  }
  state.useVectors();
  for (let sample = first; sample < last; sample++) {
    beat();
    if (isOwn) data.readMatrices(at, sample);
    if (operation === ConeProgramOperation.coneInteriorPoint) performInteriorPoint(at, sample);
    else performDerivative(at, sample);
  }
}

function performInteriorPoint(at: usize, sample: i32): void {
  const n = data.n;
  const m = data.m;
  state.readVectors(at, sample);
  const isSolved = word(at, Extra.isCutShort) === 0 && solveConeProgram(at, sample);
  const length = n + 2 * m + CONE_SAMPLE_NUMBERS;
  let to = buffer(at, ConeProgramFields.out) + ((<usize>(sample * length)) << 3);
  if (!isSolved) {
    memory.fill(to, 0, (<usize>length) << 3);
    storeWide(to + ((<usize>(n + 2 * m)) << 3), 1);
    return;
  }
  state.fromUnits();
  to = write(to, state.x, n);
  to = write(to, state.y, m);
  to = write(to, state.s, m);
  storeWide(to, 0);
  storeWide(to + 8, <f64>iterations);
  storeWide(to + 16, state.primal);
  storeWide(to + 24, state.dual);
  storeWide(to + 32, state.gap);
  storeWide(to + 40, state.objective);
  storeWide(to + 48, state.merit);
  storeWide(to + 56, data.isConvex() ? 1 : 0);
}

function performDerivative(at: usize, sample: i32): void {
  const isSolved = solveDerivative(at, sample);
  const length = data.n + data.m + CONE_DERIVATIVE_SAMPLE_NUMBERS;
  let to = buffer(at, ConeProgramFields.out) + ((<usize>(sample * length)) << 3);
  to = write(to, state.x, data.n);
  to = write(to, state.y, data.m);
  storeWide(to, isSolved ? 0 : 1);
  storeWide(to + 8, residual);
  storeWide(to + 16, pivotOfVariables);
  storeWide(to + 24, pivotOfRows);
  storeWide(to + 32, fraction);
  storeWide(to + 40, reach);
}

/** @returns the address behind the numbers */
function write(to: usize, from: usize, count: i32): usize {
  for (let i = 0; i < count; i++) storeWide(to + ((<usize>i) << 3), entry(from, i));
  return to + ((<usize>count) << 3);
}
