/** Reads a monotone problem and checks all its fields. */
import type { ActivationOption } from '../index.ts';
import type { Torus } from '../solvers/maps/convolution/torus.ts';
import { PARAMETER_KEYS, readActivation } from './activation-parameters.ts';
import { InputError } from './io.ts';
import { checkKeys, checkNumber, type JSONObject } from './json.ts';
import { formatCount, type Matrix, readBatch, readSquareMatrix } from './matrix.ts';

/** z = σ(Wz + b), with W itself, as W = (1 − m)I − AᵀA + B − Bᵀ, or as a convolution. */
export interface MonotoneInput extends Rows {
  readonly activation: ActivationOption;
  readonly weights:
    | { readonly kind: 'W'; readonly W: Matrix }
    | { readonly kind: 'ABm'; readonly A: Matrix; readonly B: Matrix; readonly m: number }
    | ConvolutionWeights;
}

/** The samples of a problem. */
export interface Rows {
  /** batch × n */
  readonly b: Matrix;
  /** The cotangent of z, batch × n. */
  readonly v: Matrix | undefined;
  readonly selection: number | undefined;
}

/** W = (1 − m)I − γÂᵀÂ + η(B̂ − B̂ᵀ), with γ = softplus(g) and η = h. */
export interface ConvolutionWeights {
  readonly kind: 'convolution';
  readonly channels: number;
  readonly torus: Torus;
  /** The extent k of the kernels. */
  readonly size: number;
  /** channels × channels × k × k */
  readonly A: Float64Array;
  readonly B: Float64Array;
  readonly g: number;
  readonly h: number;
  readonly m: number;
}

const WEIGHTS = ['W', 'A', 'B', 'm'] as const;

export function readMonotoneProblem(object: JSONObject): MonotoneInput {
  checkKeys(
    object,
    'a monotone problem',
    ['kind', 'activation', 'b'],
    [...WEIGHTS, ...PARAMETER_KEYS, 'v', 'selection'],
  );
  const activation = readActivation(object);
  const weights = readWeights(object);
  const [name, square] = weights.kind === 'W' ? ['W', weights.W] : ['A', weights.A];
  const of = `${name} is ${square.rows} × ${square.rows}`;
  return { activation, weights, ...readRows(object, square.rows, of) };
}

/**
 * Reads b, v and the selection.
 * @param n how many numbers a row must hold
 * @param reason why, for error messages
 */
export function readRows(object: JSONObject, n: number, reason: string): Rows {
  const b = readBatch('b', object.b);
  if (b.columns !== n) {
    throw new InputError(`b: its rows hold ${formatCount(b.columns)}; ${reason}, so each must hold ${n}`);
  }
  const v = object.v === undefined ? undefined : readBatch('v', object.v);
  if (v && (v.rows !== b.rows || v.columns !== b.columns)) {
    throw new InputError(`v: it is ${v.rows} × ${v.columns}; it must be ${b.rows} × ${b.columns}, as b is`);
  }
  const selection =
    object.selection === undefined
      ? undefined
      : checkNumber('selection', object.selection, 'a number from 0 to 1', (q) => q >= 0 && q <= 1);
  return { b, v, selection };
}

function readWeights(object: JSONObject): Exclude<MonotoneInput['weights'], ConvolutionWeights> {
  const given = WEIGHTS.filter((key) => Object.hasOwn(object, key));
  if (given.includes('W')) {
    const others = given.filter((key) => key !== 'W');
    if (others.length === 0) return { kind: 'W', W: readSquareMatrix('W', object.W) };
    throw new InputError(`${others.join(', ')}: given together with W; give either W, or A, B and m`);
  }
  const missing = ['A', 'B', 'm'].filter((key) => !Object.hasOwn(object, key));
  if (missing.length === 3) throw new InputError('W: this key is missing; give either W, or A, B and m');
  if (missing.length > 0) {
    throw new InputError(
      `${missing.join(', ')}: missing although ${given.join(', ')} is given; give either W, or A, B and m`,
    );
  }
  const m = readMargin(object);
  const A = readSquareMatrix('A', object.A);
  const B = readSquareMatrix('B', object.B);
  if (B.rows !== A.rows) {
    throw new InputError(`B: it is ${B.rows} × ${B.rows}; it must be ${A.rows} × ${A.rows}, as A is`);
  }
  return { kind: 'ABm', A, B, m };
}

export function readMargin(object: JSONObject): number {
  return checkNumber('m', object.m, 'a finite number > 0', (value) => value > 0 && Number.isFinite(value));
}
