/** The numbers of each case: the same for every library, backend and environment. */
import { type Random, random } from '../src/data/random.ts';

export interface Size {
  readonly batch: number;
  readonly width: number;
}

export type Numbers = Float32Array<ArrayBuffer>;

/** z ← relu(Wz + b), from z = b: W [width, width], b [batch, width]. */
export interface ReluProblem {
  readonly W: Numbers;
  readonly b: Numbers;
}

/**
 * z = relu(Wz + b), W = (1 − m)I − AᵀA + B − Bᵀ, and the gradients of ⟨v, z⟩: A, B [width, width], b, v [batch, width].
 */
export interface SolveProblem {
  readonly A: Numbers;
  readonly B: Numbers;
  readonly b: Numbers;
  readonly v: Numbers;
}

/** Samples for TRAINING.steps steps, and the initial parameters. */
export interface TrainingProblem {
  readonly inputs: Numbers; // [batch · steps, TRAINING.inputs]
  readonly labels: Int32Array<ArrayBuffer>;
  readonly parameters: Parameters;
}

/**
 * The parameters of z = relu(Wz + Ux + c) and of the classes' scores Dz + d, in the order in which the library's model
 * holds them.
 */
export type Parameters = Readonly<Record<(typeof PARAMETERS)[number], Numbers>>;
export const PARAMETERS = ['A', 'B', 'U', 'c', 'D', 'd'] as const;

export const TRAINING = { inputs: 64, classes: 10, steps: 10, rate: 1e-3 } as const;
export const RELU_ITERATIONS = 50;
export const TOLERANCE = 1e-4;
/** m of the layers. The peers' formulas omit (1 − m)I, which is 0. */
export const MARGIN = 1;

export function reluProblem({ batch, width }: Size, repetition: number): ReluProblem {
  const generator = random(0);
  return {
    W: uniforms(generator.fork('W'), width ** 2, width),
    b: normals(generator.fork(`b ${repetition}`), batch * width),
  };
}

/** The problem of an untrained layer. */
export function solveProblem({ batch, width }: Size, repetition: number): SolveProblem {
  const generator = random(0);
  const matrix = (name: string): Numbers => uniforms(generator.fork(`${name} ${repetition}`), width ** 2, width);
  const rows = (name: string): Numbers => normals(generator.fork(`${name} ${repetition}`), batch * width);
  return { A: matrix('A'), B: matrix('B'), b: rows('b'), v: rows('v') };
}

export function trainingProblem({ batch, width }: Size, repetition: number): TrainingProblem {
  const generator = random(0).fork(`training ${repetition}`);
  const { inputs, classes, steps } = TRAINING;
  const count = batch * steps;
  return {
    inputs: normals(generator.fork('inputs'), count * inputs),
    labels: labels(generator.fork('labels'), count, classes),
    parameters: {
      A: uniforms(generator.fork('A'), width ** 2, width),
      B: uniforms(generator.fork('B'), width ** 2, width),
      U: uniforms(generator.fork('U'), width * inputs, inputs),
      c: uniforms(generator.fork('c'), width, inputs),
      D: uniforms(generator.fork('D'), classes * width, width),
      d: uniforms(generator.fork('d'), classes, width),
    },
  };
}

function labels(generator: Random, count: number, classes: number): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length: count }, () => generator.integer(classes));
}

function normals(generator: Random, count: number): Numbers {
  return Float32Array.from({ length: count }, () => generator.normal());
}

/** Uniform on ±1/√fan. */
function uniforms(generator: Random, count: number, fan: number): Numbers {
  return Float32Array.from({ length: count }, () => (2 * generator.uniform() - 1) / Math.sqrt(fan));
}
