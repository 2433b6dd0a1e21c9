// The module for projections onto cones, which is fetched when a Program first needs it. Each thread has an instance of
// its own, on the same memory. See cone-kernels.ts for the formulas.
import { BLOCK_WORDS, ConeBlockFields, ConeFields, ConeOperation, ConeType } from '../cone-instructions';
import { Extra } from '../extra-instructions';
import { beat, watchStopAt } from './clock';
import { differentiateExponential, projectExponential } from './cone-exponential';
import * as place from './cone-place';
import { differentiatePower, projectPower } from './cone-power';
import { differentiateSecondOrder, projectSecondOrder } from './cone-second-order';
import { differentiateSemidefinite, forgetDecomposition, projectSemidefinite } from './cone-semidefinite';
import { buffer, real, useTable, useWorkspace, word } from './memory';

export { useWorkspace, watchStopAt };

/** Performs the units `first` to `last` of an instruction; see second-module.ts. */
export function perform(table: usize, at: usize, first: i32, last: i32): void {
  useTable(table);
  const isDerivative = word(at, Extra.operation) === ConeOperation.projectConesDerivative;
  const count = word(at, ConeFields.blocks);
  forgetDecomposition();
  for (let row = first; row < last; row++) {
    beat();
    for (let block = 0; block < count; block++) {
      const fields = at + ((<usize>(ConeFields.end + BLOCK_WORDS * block)) << 2);
      if (isDerivative) differentiateBlock(at, fields, row);
      else projectBlock(at, fields, row);
    }
  }
}

/** The address of the numbers of a block in a row of a buffer. */
function blockIn(at: usize, field: i32, block: usize, row: i32): usize {
  return placeIn(buffer(at, field), word(at, ConeFields.columns), block, row);
}

function placeIn(base: usize, columns: i32, block: usize, row: i32): usize {
  return base + ((<usize>row * <usize>columns + <usize>word(block, ConeBlockFields.start)) << 2);
}

function alphaOf(block: usize): f64 {
  return <f64>real(block, ConeBlockFields.alpha) + <f64>real(block, ConeBlockFields.rest);
}

function rowsOf(type: i32, dim: i32): i32 {
  return type === ConeType.psd ? (dim * (dim + 1)) / 2 : dim;
}

function projectBlock(at: usize, block: usize, row: i32): void {
  const v = blockIn(at, ConeFields.x, block, row);
  const out = blockIn(at, ConeFields.out, block, row);
  const type = word(block, ConeBlockFields.type);
  const dim = word(block, ConeBlockFields.dim);
  const count = rowsOf(type, dim);
  if (type <= ConeType.nonneg) {
    for (let i = 0; i < count; i++) store<f32>(numberIn(out, i), projectNumber(type, load<f32>(numberIn(v, i))));
    return;
  }
  const scale = largestSize(v, count);
  if (!(scale > 0 && scale < f64.POSITIVE_INFINITY)) fill(out, count, scale === 0 ? 0 : f32.NaN);
  else if (type === ConeType.soc) projectSecondOrder(v, out, dim);
  else if (type === ConeType.psd) projectSemidefinite(v, out, dim, scale);
  else projectTriple(type, v, out, scale, alphaOf(block));
}

function numberIn(v: usize, i: i32): usize {
  return v + ((<usize>i) << 2);
}

function fill(out: usize, count: i32, value: f32): void {
  for (let i = 0; i < count; i++) store<f32>(numberIn(out, i), value);
}

function isNotANumber(v: f32): bool {
  return !(abs(v) <= f32.POSITIVE_INFINITY);
}

function projectNumber(type: i32, v: f32): f32 {
  if (isNotANumber(v) || type === ConeType.free) return v;
  return type === ConeType.zero ? 0 : max<f32>(v, 0);
}

/** The largest size, NaN if a number is. */
function largestSize(v: usize, count: i32): f64 {
  let size: f32 = 0;
  for (let i = 0; i < count; i++) size = max(size, abs(load<f32>(numberIn(v, i))));
  return <f64>size;
}

/** Exponential and power cones, and their duals by K* ∋ v + Π_K(−v). */
function projectTriple(type: i32, v: usize, out: usize, scale: f64, alpha: f64): void {
  const isDual = type === ConeType.expdual || type === ConeType.powdual;
  const factor = (isDual ? -1 : 1) / scale;
  const x = <f64>load<f32>(v) * factor;
  const y = <f64>load<f32>(v, 4) * factor;
  const z = <f64>load<f32>(v, 8) * factor;
  if (type <= ConeType.expdual) projectExponential(x, y, z);
  else projectPower(x, y, z, alpha);
  if (isDual) place.setResult(place.r0 - x, place.r1 - y, place.r2 - z);
  storeTriple(out, scale);
}

function storeTriple(out: usize, factor: f64): void {
  store<f32>(out, <f32>(place.r0 * factor));
  store<f32>(out, <f32>(place.r1 * factor), 4);
  store<f32>(out, <f32>(place.r2 * factor), 8);
}

function differentiateBlock(at: usize, block: usize, row: i32): void {
  const v = blockIn(at, ConeFields.x, block, row);
  const h = blockIn(at, ConeFields.h, block, row);
  const out = blockIn(at, ConeFields.out, block, row);
  const type = word(block, ConeBlockFields.type);
  const dim = word(block, ConeBlockFields.dim);
  const count = rowsOf(type, dim);
  const isShared = word(at, ConeFields.isToleranceShared) !== 0;
  const tolerance = load<f32>(numberIn(buffer(at, ConeFields.tolerance), isShared ? 0 : row));
  const all = buffer(at, ConeFields.shares);
  const shares: usize = all === 0 ? 0 : placeIn(all, word(at, ConeFields.columns), block, row);
  const share = shares === 0 ? real(at, ConeFields.selection) : load<f32>(shares);
  if (type <= ConeType.nonneg) {
    for (let i = 0; i < count; i++) {
      place.setPlace(tolerance, shares === 0 ? share : load<f32>(numberIn(shares, i)));
      const slope = slopeOf(type, load<f32>(numberIn(v, i)), tolerance);
      const given = load<f32>(numberIn(h, i));
      store<f32>(numberIn(out, i), slope === 0 && !isNotANumber(given) ? 0 : slope * given);
    }
    return;
  }
  const scale = largestSize(v, count);
  if (!(scale + <f64>tolerance + largestSize(h, count) < f64.POSITIVE_INFINITY)) {
    fill(out, count, f32.NaN);
  } else if (scale === 0) {
    for (let i = 0; i < count; i++) store<f32>(numberIn(out, i), share * load<f32>(numberIn(h, i)));
  } else if (type === ConeType.soc) {
    place.setPlace(tolerance, share);
    differentiateSecondOrder(v, h, out, dim);
  } else if (type === ConeType.psd) {
    place.setPlace(<f64>tolerance / scale, share);
    differentiateSemidefinite(v, h, out, dim, scale);
  } else {
    const isDual = type === ConeType.expdual || type === ConeType.powdual;
    place.setPlace(<f64>tolerance / scale, isDual ? 1 - share : share);
    differentiateTriple(type, v, h, out, scale, alphaOf(block));
  }
}

function slopeOf(type: i32, v: f32, tolerance: f32): f32 {
  if (isNotANumber(v) || isNotANumber(tolerance)) return f32.NaN;
  return type === ConeType.zero ? 0 : type === ConeType.free ? 1 : <f32>place.step(v);
}

function differentiateTriple(type: i32, v: usize, h: usize, out: usize, scale: f64, alpha: f64): void {
  const isDual = type === ConeType.expdual || type === ConeType.powdual;
  const factor = (isDual ? -1 : 1) / scale;
  const x = <f64>load<f32>(v) * factor;
  const y = <f64>load<f32>(v, 4) * factor;
  const z = <f64>load<f32>(v, 8) * factor;
  const h0 = <f64>load<f32>(h);
  const h1 = <f64>load<f32>(h, 4);
  const h2 = <f64>load<f32>(h, 8);
  if (type <= ConeType.expdual) differentiateExponential(x, y, z, h0, h1, h2);
  else differentiatePower(x, y, z, h0, h1, h2, alpha);
  if (isDual) place.setResult(h0 - place.r0, h1 - place.r1, h2 - place.r2);
  storeTriple(out, 1);
}
