/** Projections onto products of cones, and their derivatives; see cone-kernels.ts for the formulas. */
import type { ConeBlock, ConeType, ProjectConesCall, ProjectConesDerivativeCall } from '../cone-kernels.ts';
import { ABSENT } from '../kernels.ts';
import type { Job } from '../queue.ts';
import { EXPONENTIAL } from './cones/exponential.ts';
import { POWER } from './cones/power.ts';
import { type ConeRule, type Place, step } from './cones/rule.ts';
import { SECOND_ORDER } from './cones/second-order.ts';
import { SEMIDEFINITE } from './cones/semidefinite.ts';

/** The cones whose numbers depend on one another. */
const RULES: Readonly<Partial<Record<ConeType, ConeRule>>> = {
  soc: SECOND_ORDER,
  psd: SEMIDEFINITE,
  exp: EXPONENTIAL,
  pow: POWER,
  expdual: EXPONENTIAL,
  powdual: POWER,
};

const isDual = ({ type }: ConeBlock): boolean => type === 'expdual' || type === 'powdual';

export function* projectCones(
  { rows, columns, blocks, inputs, output }: ProjectConesCall,
  slots: readonly Float64Array[],
): Job {
  for (let row = 0; row < rows; row++) {
    for (const block of blocks) {
      const start = row * columns + block.start;
      const v = slots[inputs[0]].subarray(start, start + block.rows);
      projectBlock(block, v, slots[output].subarray(start, start + block.rows));
    }
    yield;
  }
}

function projectBlock(block: ConeBlock, v: Float64Array, out: Float64Array): void {
  const rule = RULES[block.type];
  if (!rule) {
    for (let i = 0; i < v.length; i++) out[i] = projectNumber(block.type, v[i]);
    return;
  }
  const size = largestSize(v);
  if (!(size > 0 && size < Number.POSITIVE_INFINITY)) {
    out.fill(size === 0 ? 0 : Number.NaN);
    return;
  }
  const isOpposite = isDual(block);
  const scaled = v.map((value) => (isOpposite ? -value : value) / size);
  rule.project(scaled, out, block);
  for (let i = 0; i < v.length; i++) out[i] = isOpposite ? v[i] + size * out[i] : size * out[i];
}

function projectNumber(type: ConeType, v: number): number {
  if (Number.isNaN(v)) return v;
  return type === 'zero' ? 0 : type === 'free' ? v : Math.max(v, 0);
}

/** NaN if a number is. */
function largestSize(v: Float64Array): number {
  let size = 0;
  for (const value of v) size = Math.max(size, Math.abs(value));
  return size;
}

export function* projectConesDerivative(call: ProjectConesDerivativeCall, slots: readonly Float64Array[]): Job {
  const { rows, columns, blocks, inputs, output, isToleranceShared, selection } = call;
  const [x, h, tolerances] = inputs.map((slot) => slots[slot]);
  const shares = inputs[3] === ABSENT ? undefined : slots[inputs[3]];
  for (let row = 0; row < rows; row++) {
    for (const block of blocks) {
      const start = row * columns + block.start;
      const part = (values: Float64Array): Float64Array => values.subarray(start, start + block.rows);
      const share = shares && part(shares);
      const place = { v: part(x), tolerance: tolerances[isToleranceShared ? 0 : row] };
      differentiateBlock(block, place, (i) => share?.[i] ?? selection, part(h), part(slots[output]));
    }
    yield;
  }
}

function differentiateBlock(
  block: ConeBlock,
  { v, tolerance }: Omit<Place, 'q'>,
  shareOf: (index: number) => number,
  h: Float64Array,
  out: Float64Array,
): void {
  const rule = RULES[block.type];
  if (!rule) {
    for (let i = 0; i < v.length; i++) {
      const slope = slopeOf(block.type, v[i], { tolerance, q: shareOf(i) });
      out[i] = slope === 0 && !Number.isNaN(h[i]) ? 0 : slope * h[i];
    }
    return;
  }
  const size = largestSize(v);
  if (!(size + tolerance + largestSize(h) < Number.POSITIVE_INFINITY)) {
    out.fill(Number.NaN);
    return;
  }
  const q = shareOf(0);
  if (size === 0) {
    for (let i = 0; i < h.length; i++) out[i] = q * h[i];
    return;
  }
  const isOpposite = isDual(block);
  const scaled = v.map((value) => (isOpposite ? -value : value) / size);
  const place = { v: scaled, tolerance: tolerance / size, q: isOpposite ? 1 - q : q };
  rule.differentiate(place, h, out, block);
  if (isOpposite) for (let i = 0; i < h.length; i++) out[i] = h[i] - out[i];
}

function slopeOf(type: ConeType, v: number, place: Omit<Place, 'v'>): number {
  if (Number.isNaN(v) || Number.isNaN(place.tolerance)) return Number.NaN;
  return type === 'zero' ? 0 : type === 'free' ? 1 : step(v, place);
}
