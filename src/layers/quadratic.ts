/** A layer whose output is the solution of a quadratic program with learnt data. */
import { createArgumentError } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import {
  type ProgramSolveOptions,
  programSettings,
  readSelection,
  SOLVE_OPTIONS,
} from '../implicit/programs/options.ts';
import { quadraticProgram } from '../implicit/programs/quadratic-program.ts';
import { concat } from '../tensor/arrange.ts';
import { affine } from '../tensor/operations.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkWidth, constantParameter, type Layer, type ParameterSpecification, uniformParameter } from './layer.ts';
import { type Box, constant, moveInside, type OutputBounds, readBox } from './output-bounds.ts';
import { checkMap, identityEntries, type ProgramMap, quadraticParameters, ridgedSquare } from './program-parameters.ts';

/** The options of `quadraticLayer`, with the options of `quadraticProgram` for its solves. */
export interface QuadraticLayerOptions extends Omit<ProgramSolveOptions, 'engine' | 'initial' | 'signal'> {
  /** Width of a row that goes in. */
  inputs: number;
  /** Width of a row that comes out, which is the number of variables of the program. */
  outputs: number;
  /** The number of learnt inequalities Gx ≤ Gz + s. Default 0. */
  inequalities?: number;
  /** The number of learnt equalities Ax = Az, fewer than `outputs`. Default 0. */
  equalities?: number;
  /** Fixed lower bounds of the output. Default: none. */
  lower?: OutputBounds;
  /** Fixed upper bounds of the output. Default: none. */
  upper?: OutputBounds;
  /**
   * affine (default): q is a learnt affine map of the input. identity: q is the input itself, which is then as wide as
   * the output.
   */
  map?: ProgramMap;
  /** ε > 0 in P = LLᵀ + εI, which makes the solution unique for every L. It is not learnt. Default 1e-3. */
  ridge?: number;
}

const { engine: _engine, initial: _initial, signal: _signal, ...KEPT } = SOLVE_OPTIONS;
const OPTIONS: Checks<QuadraticLayerOptions> = {
  ...KEPT,
  inputs: 0,
  outputs: 0,
  inequalities: 0,
  equalities: 0,
  lower: 0,
  upper: 0,
  map: 0,
  ridge: 0,
};

/**
 * The solution x of min ½xᵀ(LLᵀ + εI)x + qᵀx over Ax = Az, Gx ≤ Gz + s and lower ≤ x ≤ upper, where q is an affine map
 * of the input (Amos & Kolter, "OptNet: differentiable optimization as a layer in neural networks", 2017).
 *
 * The parameters are L [outputs, outputs], which starts as the identity; B [outputs, inputs] and c [outputs] of
 * q = Bv + c for an input v, unless `map` is identity; A [equalities, outputs]; G [inequalities, outputs]; slack
 * [inequalities] with s = softplus(slack), which starts at s = 1; and point [outputs], from which z is computed so that it
 * lies within lower and upper. Whatever the parameters are, z satisfies all constraints, so that the program always has
 * a solution.
 *
 * To load a model with this layer, pass the layer to `modelFrom(checkpoint, engine, { layers: { quadraticLayer } })`.
 * Where constraints depend on the input, write a layer of your own around `quadraticProgram`.
 *
 * @returns a layer from [batch, inputs] to [batch, outputs]
 * @throws RangeError where an option is wrong, such as a lower bound above the upper one
 */
export function quadraticLayer(given: QuadraticLayerOptions): Layer {
  const options = readOptions('quadraticLayer', given, OPTIONS);
  const { inputs, outputs, inequalities = 0, equalities = 0, map = 'affine', ridge = 1e-3 } = options;
  checkWidth('quadraticLayer', 'inputs', inputs);
  checkWidth('quadraticLayer', 'outputs', outputs);
  checkMap('quadraticLayer', { map, inputs, outputs, ridge });
  checkRows('inequalities', inequalities, Number.MAX_SAFE_INTEGER);
  checkRows('equalities', equalities, outputs - 1);
  const box = readBox(options.lower, options.upper, outputs);
  const solve = solveOptions(options);
  programSettings(solve);
  const rows = equalities + inequalities + (box ? outputs : 0);
  if (solve.selection !== undefined) readSelection(solve.selection, rows);
  const parameters = parametersOf({ inputs, outputs, inequalities, equalities, map });
  return {
    kind: 'quadraticLayer',
    inputs,
    outputs,
    options: { ...options },
    parameters,
    forward(x, values, { solves, signal }) {
      const named = Object.fromEntries(parameters.map(({ name }, index) => [name, values[index]]));
      const P = ridgedSquare(named.L, ridge);
      const q = map === 'affine' ? affine(x, named.B, named.c) : x;
      const constraints = rows > 0 ? constraintsOf(x, named, box, outputs) : {};
      const solution = quadraticProgram({ ...solve, P, q, ...constraints, signal });
      solves.push(solution);
      return solution.x;
    },
  };
}

/** What is left is for the solves. */
function solveOptions(options: QuadraticLayerOptions): ProgramSolveOptions {
  const { inputs, outputs, inequalities, equalities, lower, upper, map, ridge, ...solve } = options;
  return solve;
}

type Extents = Required<Pick<QuadraticLayerOptions, 'inputs' | 'outputs' | 'inequalities' | 'equalities' | 'map'>>;

function parametersOf({ inputs, outputs, inequalities, equalities, map }: Extents): ParameterSpecification[] {
  return [
    ...quadraticParameters({ inputs, outputs, map }),
    ...(equalities > 0 ? [uniformParameter('A', [equalities, outputs], outputs)] : []),
    ...(inequalities > 0
      ? [
          uniformParameter('G', [inequalities, outputs], outputs),
          constantParameter('slack', [inequalities], Math.log(Math.E - 1)),
        ]
      : []),
    ...(equalities + inequalities > 0 ? [constantParameter('point', [outputs], 0)] : []),
  ];
}

/** In tensors, a bound from 10²⁰ on is none. */
const NONE = 1e30;

/** The rows A, G and I, one after the other. */
function constraintsOf(
  beside: Tensor,
  { A, G, slack, point }: Readonly<Record<string, Tensor | undefined>>,
  box: Box | undefined,
  n: number,
): { A: Tensor; l: Tensor; u: Tensor } {
  const z = point && (box ? moveInside(point, box) : point).reshape([n, 1]);
  const matrices: Tensor[] = [];
  const lower: Tensor[] = [];
  const upper: Tensor[] = [];
  if (A && z) {
    const at = A.matmul(z).reshape([A.shape[0]]);
    matrices.push(A);
    lower.push(at);
    upper.push(at);
  }
  if (G && z && slack) {
    const [rows] = G.shape;
    matrices.push(G);
    lower.push(constant(beside, [rows], new Float64Array(rows).fill(-NONE)));
    upper.push(G.matmul(z).reshape([rows]).add(slack.softplus()));
  }
  if (box) {
    matrices.push(constant(beside, [n, n], identityEntries(n, 1)));
    lower.push(
      constant(
        beside,
        [n],
        box.lower.map((value) => Math.max(value, -NONE)),
      ),
    );
    upper.push(
      constant(
        beside,
        [n],
        box.upper.map((value) => Math.min(value, NONE)),
      ),
    );
  }
  return { A: concat(matrices), l: concat(lower), u: concat(upper) };
}

function checkRows(name: string, rows: number, most: number): void {
  if (Number.isInteger(rows) && rows >= 0 && rows <= most) return;
  const must = most < Number.MAX_SAFE_INTEGER ? `an integer from 0 to ${most}` : 'an integer of at least 0';
  throw createArgumentError(`quadraticLayer: ${name}`, rows, must);
}
