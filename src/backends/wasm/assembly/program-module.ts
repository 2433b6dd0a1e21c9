// The module for quadratic programs, which is fetched when a Program first needs it. Each thread has an instance of its
// own, on the same memory.
import { Extra } from '../extra-instructions';
import { DERIVATIVE_SAMPLE_NUMBERS, ProgramFields, ProgramOperation, SAMPLE_NUMBERS } from '../program-instructions';
import { beat, watchStopAt } from './clock';
import { at8, divideBy, entry, multiplyBy } from './entries';
import { addIterations, isPolished, iterations, solveProgram } from './interior-point';
import { buffer, useTable, useWorkspace, word } from './memory';
import { forgetGuess } from './polish';
import * as data from './program-data';
import { primalPivot, residual, rowPivot, solveDerivative } from './program-derivative';
import * as state from './program-state';
import { storeWide } from './wide';

export { useWorkspace, watchStopAt };

/** With a smaller pivot of P than this, a sample that was not solved by its inverse is tried without it. */
const DOUBTFUL: f64 = 1e-3;

/** Performs the units `first` to `last` of an instruction; see second-module.ts. */
export function perform(table: usize, at: usize, first: i32, last: i32): void {
  useTable(table);
  const prepared = buffer(at, ProgramFields.prepared);
  const slot = first - word(at, Extra.done);
  const space = buffer(at, ProgramFields.space) + ((<usize>slot * <usize>word(at, ProgramFields.spaceOfSample)) << 3);
  data.layOut(at, prepared, space);
  const operation = word(at, Extra.operation);
  if (operation === ProgramOperation.prepareProgram) {
    data.readMatrices(at, 0);
    data.invertP(true);
    return;
  }
  const isOwn = prepared === 0;
  if (isOwn) data.layOut(at, space, at8(space, data.preparedSize()));
  state.useVectors();
  for (let sample = first; sample < last; sample++) {
    beat();
    if (isOwn) {
      data.readMatrices(at, sample);
      data.invertP(operation === ProgramOperation.interiorPoint && data.isRowSpaceSmaller());
    }
    if (operation === ProgramOperation.interiorPoint) performInteriorPoint(at, sample);
    else performDerivative(at, sample);
  }
}

function performInteriorPoint(at: usize, sample: i32): void {
  forgetGuess();
  const bounds = state.readVectors(at, sample);
  data.allowInverse(true);
  const isCutShort = word(at, Extra.isCutShort) !== 0;
  let isSolved = bounds >= 0 && !isCutShort && solveProgram(at, sample, bounds);
  if (!isSolved && bounds >= 0 && !isCutShort && data.hasInverse() && data.pivotOfP() < DOUBTFUL) {
    data.allowInverse(false);
    const before = iterations;
    state.readVectors(at, sample);
    isSolved = solveProgram(at, sample, bounds);
    addIterations(before);
  }
  writeSolution(at, sample, isSolved, bounds >= 0 && !isCutShort);
}

function writeSolution(at: usize, sample: i32, isSolved: bool, isValid: bool): void {
  const n = data.n;
  const m = data.m;
  const batch = word(at, ProgramFields.batch);
  let to = buffer(at, ProgramFields.out);
  multiplyBy(state.x, data.columnScales, n);
  multiplyBy(state.y, data.rowScales, m);
  divideBy(state.z, data.rowScales, m);
  to = writeWide(to, state.x, batch, sample, n);
  to = writeWide(to, state.y, batch, sample, m);
  to = writeWide(to, state.z, batch, sample, m);
  to = writeNarrow(to, state.x, batch, sample, n);
  to = writeNarrow(to, state.y, batch, sample, m);
  to = writeNarrow(to, state.z, batch, sample, m);
  to += (<usize>(sample * SAMPLE_NUMBERS)) << 2;
  store<f32>(to, isSolved ? 0 : 1);
  store<f32>(to, isValid ? <f32>iterations : 0, 4);
  store<f32>(to, isValid ? <f32>state.primal : f32.POSITIVE_INFINITY, 8);
  store<f32>(to, isValid ? <f32>state.dual : 0, 12);
  store<f32>(to, isValid ? <f32>state.gap : 0, 16);
  store<f32>(to, isValid ? <f32>state.objective : 0, 20);
  store<f32>(to, isValid ? <f32>state.excess : f32.POSITIVE_INFINITY, 24);
  store<f32>(to, isSolved && isPolished ? 1 : 0, 28);
  store<f32>(to, isValid && data.isConvex() ? 1 : 0, 32);
}

function performDerivative(at: usize, sample: i32): void {
  const isSolved = solveDerivative(at, sample);
  const batch = word(at, ProgramFields.batch);
  const n = data.n;
  const m = data.m;
  const whole = n + m;
  let to = buffer(at, ProgramFields.out);
  const wide = to + ((<usize>(sample * whole)) << 3);
  const narrow = to + ((<usize>(batch * whole)) << 3) + ((<usize>(sample * whole)) << 2);
  for (let i = 0; i < whole; i++) {
    const value = i < n ? entry(state.x, i) : entry(state.y, i - n);
    storeWide(wide + ((<usize>i) << 3), value);
    store<f32>(narrow + ((<usize>i) << 2), <f32>value);
  }
  to += (<usize>(3 * batch * whole + sample * DERIVATIVE_SAMPLE_NUMBERS)) << 2;
  store<f32>(to, isSolved ? 0 : 1);
  store<f32>(to, <f32>residual, 4);
  store<f32>(to, <f32>rowPivot, 8);
  store<f32>(to, <f32>primalPivot, 12);
}

function writeWide(to: usize, from: usize, batch: i32, sample: i32, count: i32): usize {
  const place = to + ((<usize>(sample * count)) << 3);
  for (let i = 0; i < count; i++) storeWide(place + ((<usize>i) << 3), entry(from, i));
  return to + ((<usize>(batch * count)) << 3);
}

function writeNarrow(to: usize, from: usize, batch: i32, sample: i32, count: i32): usize {
  const place = to + ((<usize>(sample * count)) << 2);
  for (let i = 0; i < count; i++) store<f32>(place + ((<usize>i) << 2), <f32>entry(from, i));
  return to + ((<usize>(batch * count)) << 2);
}
