// Solves the adjoint systems of cone programs at solutions that are far from kinks; see ConeDerivativeCall in
// cone-program-kernels.ts. A loss in s = b − Ax is one in x and b, which leaves, in the eigenvectors U of J with d > 0,
//   P·w_u + ÃᵀΩ = Aᵀs̄ − x̄,  Ã·w_u − ΔΩ = −Uᵀȳ,  w_v = s̄ − UΩ.
import { CONE_SAMPLE_NUMBERS, ConeProgramFields } from '../cone-program-instructions';
import { chooseRatios, clearance, project, turn } from './cone-eigenrows';
import { factoriseAtPoint } from './cone-newton';
import * as data from './cone-program-data';
import * as state from './cone-program-state';
import { pivotOfRows, pivotOfVariables, solveSystem } from './cone-system';
import { addEntry, clear, entry, largest, multiplyBy, setEntry } from './entries';
import { buffer, word } from './memory';
import { addProduct } from './panels';
import { readNumbers } from './wide';

/** Nearer to a kink than this, relative to the sizes of the terms, the host decides what the derivative is. */
const CLEAR: f64 = 1e-5;
/** With smaller pivots the system may be singular. */
const REGULAR: f64 = 1e-9;
const REFINEMENTS: i32 = 6;

export let residual: f64 = 0;
/** The least distance of an eigenvalue of J between 0 and 1 from these; 1 where there is none. */
export let fraction: f64 = 0;
/** No kink is within this distance of v, in the units of y. */
export let reach: f64 = 0;

/** @returns false where the sample is left to the host; w_u is in `x` and w_v in `y` */
export function solveDerivative(at: usize, sample: i32): bool {
  state.clearVectors();
  state.useNoUnits();
  if (!readPoint(at, sample)) return false;
  state.toUnits();
  chooseRatios();
  project();
  if (!(clearance >= CLEAR)) return false;
  if (!factoriseAtPoint() || !(min(pivotOfRows, pivotOfVariables) >= REGULAR)) return false;
  describePlace();
  readCotangent(at, sample);
  refine();
  turn(state.y, state.target, true);
  multiplyBy(state.x, data.columnScales, data.n);
  for (let r = 0; r < data.m; r++) {
    setEntry(state.y, r, (entry(state.s, r) - entry(state.target, r)) * entry(data.rowScales, r));
  }
  return true;
}

function describePlace(): void {
  fraction = 1;
  for (let r = 0; r < data.m; r++) {
    const d = entry(state.slope, r);
    if (d > 0 && d < 1) fraction = min(fraction, min(d, 1 - d));
  }
  reach = 0;
  for (let block = 0; block < data.blocks; block++) {
    const start = data.startOf(block);
    for (let r = start; r < start + data.rowsOf(block); r++) {
      reach = max(reach, CLEAR * entry(state.extent, start) * entry(data.rowScales, r));
    }
  }
}

/** Reads a result of coneInteriorPoint. @returns whether it is a solution */
function readPoint(at: usize, sample: i32): bool {
  const n = data.n;
  const m = data.m;
  const from = buffer(at, ConeProgramFields.point);
  const start = sample * (n + 2 * m + CONE_SAMPLE_NUMBERS);
  readNumbers(state.x, from, start, n, true);
  readNumbers(state.y, from, start + n, m, true);
  readNumbers(state.s, from, start + n + m, m, true);
  readNumbers(state.t, from, start + n + 2 * m, 1, true);
  return entry(state.t, 0) === 0;
}

/** The right-hand sides, in c and b; s̄ in s. x and y become 0. */
function readCotangent(at: usize, sample: i32): void {
  const n = data.n;
  const m = data.m;
  const from = buffer(at, ConeProgramFields.cotangent);
  const isWide = (word(at, ConeProgramFields.wide) & 4) !== 0;
  const start = sample * (n + 2 * m);
  readNumbers(state.dx, from, start, n, isWide);
  readNumbers(state.dy, from, start + n, m, isWide);
  readNumbers(state.s, from, start + n + m, m, isWide);
  for (let r = 0; r < m; r++) {
    const scale = entry(data.rowScales, r);
    setEntry(state.dy, r, entry(state.dy, r) * scale);
    setEntry(state.s, r, entry(state.s, r) / scale);
  }
  clear(state.c, data.N);
  addProduct(state.c, 1, data.At, data.N, data.M, state.s);
  for (let j = 0; j < n; j++) addEntry(state.c, j, -entry(state.dx, j) * entry(data.columnScales, j));
  turn(state.dy, state.b, false);
  for (let r = 0; r < m; r++) setEntry(state.b, r, entry(state.slope, r) > 0 ? -entry(state.b, r) : 0);
  clear(state.x, data.N);
  clear(state.y, data.M);
}

/** Solves by corrections of the true residual; Ω is in y. */
function refine(): void {
  let last = Infinity;
  let size: f64 = 0;
  residual = 0;
  for (let pass = 0; pass < REFINEMENTS; pass++) {
    findResidual();
    const error = max(largest(state.f, 0, data.n), largest(state.g, 0, data.m));
    if (pass === 0) size = error;
    if (size === 0) return;
    if (!(error < 0.5 * last)) {
      if (!(error <= last)) takeBack();
      residual = min(error, last) / size;
      return;
    }
    last = error;
    residual = error / size;
    if (residual < 1e-15) return;
    solveSystem(state.f, state.g);
    for (let j = 0; j < data.n; j++) addEntry(state.x, j, entry(state.f, j));
    for (let r = 0; r < data.m; r++) addEntry(state.y, r, entry(state.g, r));
    memory.copy(state.dx, state.f, (<usize>data.N) << 3);
    memory.copy(state.dy, state.g, (<usize>data.M) << 3);
  }
}

/** Takes the last correction back, which has made the residual larger. */
function takeBack(): void {
  for (let j = 0; j < data.n; j++) addEntry(state.x, j, -entry(state.dx, j));
  for (let r = 0; r < data.m; r++) addEntry(state.y, r, -entry(state.dy, r));
}

function findResidual(): void {
  memory.copy(state.f, state.c, (<usize>data.N) << 3);
  addProduct(state.f, -1, data.Q, data.N, data.N, state.x);
  turn(state.y, state.target, true);
  addProduct(state.f, -1, data.At, data.N, data.M, state.target);
  clear(state.ds, data.M);
  addProduct(state.ds, 1, data.A, data.M, data.N, state.x);
  turn(state.ds, state.target, false);
  for (let r = 0; r < data.m; r++) {
    const d = entry(state.slope, r);
    let value: f64 = 0;
    if (d > 0) {
      const delta = (1 - d) / (d * entry(state.ratio, r));
      value = entry(state.b, r) - entry(state.target, r) + delta * entry(state.y, r);
    }
    setEntry(state.g, r, value);
  }
}
