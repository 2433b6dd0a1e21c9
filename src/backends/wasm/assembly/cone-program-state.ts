// A cone program and a point: b, c, x, y and s in the scaled data, and how far the point is from a solution in the data
// as given. With the scales C of columns and R of rows, and the units p and κ of the sample,
//   x = p·C∘x', s = p·s'/R, y = R∘y'/κ, P' = κp·CPC, A' = RAC, b' = R∘b/p, c' = κ·C∘c.
import { ConeProgramFields } from '../cone-program-instructions';
import * as data from './cone-program-data';
import { clear, entry, larger, largest, multiplyBy, setEntry } from './entries';
import { buffer } from './memory';
import { addProduct, COLUMN } from './panels';
import { allowed, readVector } from './program-matrices';

// Vectors of the variables.
export let c: usize = 0;
export let x: usize = 0;
export let dx: usize = 0;
export let dualResidual: usize = 0;
export let Px: usize = 0;
export let Aty: usize = 0;
export let f: usize = 0;
export let keptX: usize = 0;
// Vectors of the rows.
export let b: usize = 0;
export let y: usize = 0;
export let s: usize = 0;
export let Ax: usize = 0;
export let primalResidual: usize = 0;
export let keptY: usize = 0;
export let keptS: usize = 0;
/** v = y − ρs, and ρ. */
export let v: usize = 0;
export let ratio: usize = 0;
/** The size of y and ρs, at the first row of each block. */
export let extent: usize = 0;
/** Integers: what J is on each block, see cone-eigenrows.ts. */
export let kinds: usize = 0;
/** d, an eigenvalue of the derivative of the projection at v for each row in eigenvectors. */
export let slope: usize = 0;
/** What a projection or a scaling of a cone keeps, see cone-eigenrows.ts and cone-scaling.ts. */
export let reflector: usize = 0;
export let sizes: usize = 0;
export let lambda: usize = 0;
export let scaledResidual: usize = 0;
export let scaledS: usize = 0;
export let scaledY: usize = 0;
export let target: usize = 0;
export let dy: usize = 0;
export let ds: usize = 0;
export let g: usize = 0;
export let t: usize = 0;
export let aside: usize = 0;
export let found: usize = 0;
/** What stands beside a row in a system, see cone-system.ts. */
export let weight: usize = 0;
/** Integers: the rows of a system, see cone-system.ts. */
export let soft: usize = 0;
export let hard: usize = 0;

/** p and κ. */
let unitX: f64 = 1;
let unitY: f64 = 1;

// The residuals that `measure` finds, what it allows them to be, and the objective.
export let primal: f64 = 0;
export let dual: f64 = 0;
export let gap: f64 = 0;
export let objective: f64 = 0;
/** The largest quotient of a residual and what is allowed; at most 1 at a solution. */
export let merit: f64 = 0;
/** The residuals in the scaled data, relative to the sizes of their terms. */
export let distance: f64 = 0;

export function useVectors(): void {
  c = data.vector(0);
  x = data.vector(1);
  dx = data.vector(2);
  dualResidual = data.vector(3);
  Px = data.vector(4);
  Aty = data.vector(5);
  f = data.vector(6);
  keptX = data.vector(7);
  b = data.vector(8);
  y = data.vector(9);
  s = data.vector(10);
  Ax = data.vector(11);
  primalResidual = data.vector(12);
  keptY = data.vector(13);
  keptS = data.vector(14);
  v = data.vector(15);
  ratio = data.vector(16);
  slope = data.vector(17);
  reflector = data.vector(18);
  lambda = data.vector(19);
  scaledResidual = data.vector(20);
  scaledS = data.vector(21);
  scaledY = data.vector(22);
  target = data.vector(23);
  dy = data.vector(24);
  ds = data.vector(25);
  g = data.vector(26);
  t = data.vector(27);
  weight = data.vector(28);
  soft = data.vector(29);
  hard = data.vector(30);
  aside = data.vector(31);
  found = data.vector(32);
  sizes = data.vector(33);
  extent = data.vector(34);
  kinds = data.vector(35);
}

/** Sets all vectors to 0. */
export function clearVectors(): void {
  clear(data.vector(0), data.VECTORS * max(data.N, data.M));
}

/** Reads and scales b and c, and P with the units of the sample. */
export function readVectors(at: usize, sample: i32): void {
  clearVectors();
  readVector(at, b, ConeProgramFields.b, 1 << 2, sample, data.m);
  readVector(at, c, ConeProgramFields.c, 1 << 3, sample, data.n);
  multiplyBy(c, data.columnScales, data.n);
  multiplyBy(b, data.rowScales, data.m);
  chooseUnits();
  for (let j = 0; j < data.n; j++) setEntry(c, j, entry(c, j) * unitY);
  for (let r = 0; r < data.m; r++) setEntry(b, r, entry(b, r) / unitX);
  const factor = unitX * unitY;
  for (let i = 0; i < data.N * data.N; i++) setEntry(data.Q, i, entry(data.P, i) * factor);
}

/** How much larger than b a solution that P and c alone decide may be. */
const FAR: f64 = 1024;

/** Units in which x and s are of the size of b, unless c and P alone make them much larger, and y of the size of c. */
function chooseUnits(): void {
  const sizeB = largest(b, 0, data.m);
  const sizeC = largest(c, 0, data.n);
  const sizeP = largest(data.P, 0, data.N * data.N);
  const free = sizeP > 0 ? sizeC / sizeP : 0;
  const point = max(sizeB, free / FAR);
  unitX = powerOfTwo(point);
  unitY = powerOfTwo(1 / max(sizeC, sizeP * unitX));
}

/** The power of two below a positive number; 1 for others. */
export function powerOfTwo(value: f64): f64 {
  if (!(value > 0 && value < Infinity)) return 1;
  return reinterpret<f64>(reinterpret<i64>(value) & 0x7ff0000000000000);
}

/** The units 1, in which P is as it was scaled. */
export function useNoUnits(): void {
  unitX = 1;
  unitY = 1;
  memory.copy(data.Q, data.P, (<usize>(data.N * data.N)) << 3);
}

/** Reads and scales where to start: x, y and s, of which those that are absent are 0, s is b − Ax. @returns whether one is given */
export function readStart(at: usize, sample: i32): bool {
  const hasX = buffer(at, ConeProgramFields.x) !== 0;
  const hasY = buffer(at, ConeProgramFields.y) !== 0;
  const hasS = buffer(at, ConeProgramFields.s) !== 0;
  if (!hasX && !hasY && !hasS) return false;
  if (hasX) readVector(at, x, ConeProgramFields.x, 1 << 4, sample, data.n);
  if (hasY) readVector(at, y, ConeProgramFields.y, 1 << 5, sample, data.m);
  if (hasS) readVector(at, s, ConeProgramFields.s, 1 << 6, sample, data.m);
  toUnits();
  if (hasX && !hasS) {
    evaluate();
    for (let r = 0; r < data.m; r++) setEntry(s, r, entry(b, r) - entry(Ax, r));
  }
  return true;
}

/** From the numbers of the given program to scaled ones. */
export function toUnits(): void {
  for (let j = 0; j < data.n; j++) setEntry(x, j, entry(x, j) / entry(data.columnScales, j) / unitX);
  for (let r = 0; r < data.m; r++) {
    const scale = entry(data.rowScales, r);
    setEntry(y, r, (entry(y, r) / scale) * unitY);
    setEntry(s, r, (entry(s, r) * scale) / unitX);
  }
}

/** The reverse of `toUnits`. */
export function fromUnits(): void {
  for (let j = 0; j < data.n; j++) setEntry(x, j, entry(x, j) * entry(data.columnScales, j) * unitX);
  for (let r = 0; r < data.m; r++) {
    const scale = entry(data.rowScales, r);
    setEntry(y, r, (entry(y, r) * scale) / unitY);
    setEntry(s, r, (entry(s, r) / scale) * unitX);
  }
}

/** Px, Aᵀy, Ax and the two residuals Px + c + Aᵀy and Ax + s − b at x, y and s. */
export function evaluate(): void {
  clear(Px, data.N);
  clear(Aty, data.N);
  clear(Ax, data.M);
  addProduct(Px, 1, data.Q, data.N, data.N, x);
  addProduct(Aty, 1, data.At, data.N, data.M, y);
  addProduct(Ax, 1, data.A, data.M, data.N, x);
  for (let j = 0; j < data.n; j++) setEntry(dualResidual, j, entry(Px, j) + entry(c, j) + entry(Aty, j));
  for (let r = 0; r < data.m; r++) setEntry(primalResidual, r, entry(Ax, r) + entry(s, r) - entry(b, r));
}

/** Measures the point, whose products `evaluate` has computed. */
export function measure(at: usize): void {
  primal = 0;
  dual = 0;
  let primalSize: f64 = 0;
  let dualSize: f64 = 0;
  let quadratic: f64 = 0;
  let linear: f64 = 0;
  let support: f64 = 0;
  for (let j = 0; j < data.n; j++) {
    const scale = 1 / entry(data.columnScales, j) / unitY;
    dual = larger(dual, abs(entry(dualResidual, j)) * scale);
    dualSize = max(dualSize, max(abs(entry(Px, j)), max(abs(entry(c, j)), abs(entry(Aty, j)))) * scale);
    quadratic += entry(x, j) * entry(Px, j);
    linear += entry(x, j) * entry(c, j);
  }
  for (let r = 0; r < data.m; r++) {
    const scale = unitX / entry(data.rowScales, r);
    primal = larger(primal, abs(entry(primalResidual, r)) * scale);
    primalSize = max(primalSize, max(abs(entry(Ax, r)), max(abs(entry(s, r)), abs(entry(b, r)))) * scale);
    support += entry(y, r) * entry(b, r);
  }
  const unit = unitX / unitY;
  gap = abs(quadratic + linear + support) * unit;
  objective = (0.5 * quadratic + linear) * unit;
  const gapSize = max(abs(quadratic), max(abs(linear), abs(support))) * unit;
  merit = larger(primal / allowed(at, primalSize), dual / allowed(at, dualSize));
  merit = larger(merit, gap / allowed(at, gapSize));
}

/** The largest residual of the scaled data relative to the sizes of all terms of its kind, to which `gap` may be added. */
export function assess(): f64 {
  let dualSize: f64 = 1e-300;
  for (let j = 0; j < data.n; j++) {
    dualSize = max(dualSize, max(abs(entry(Px, j)), max(abs(entry(c, j)), abs(entry(Aty, j)))));
  }
  let primalSize: f64 = 1e-300;
  for (let r = 0; r < data.m; r++) {
    primalSize = max(primalSize, max(abs(entry(Ax, r)), max(abs(entry(s, r)), abs(entry(b, r)))));
  }
  const ofDual = largest(dualResidual, 0, data.n) / dualSize;
  distance = larger(ofDual, largest(primalResidual, 0, data.m) / primalSize);
  return distance;
}

/** y += |M|·|x| */
export function addSizes(to: usize, matrix: usize, rows: i32, columns: i32, from: usize): void {
  const end = from + ((<usize>columns) << 3);
  for (let i = 0; i < rows; i += 4, to += 32) {
    let s0 = v128.load(to);
    let s1 = v128.load(to, 16);
    for (let k = from; k < end; k += 8, matrix += COLUMN) {
      const factor = v128.load64_splat(k);
      s0 = f64x2.add(s0, f64x2.abs(f64x2.mul(v128.load(matrix), factor)));
      s1 = f64x2.add(s1, f64x2.abs(f64x2.mul(v128.load(matrix, 16), factor)));
    }
    v128.store(to, s0);
    v128.store(to, s1, 16);
  }
}
