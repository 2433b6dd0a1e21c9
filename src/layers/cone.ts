/** A layer whose output is the solution of a cone program with learnt data. */
import { type Checks, readOptions } from '../arguments/options.ts';
import type { ConeBlock, ConeType } from '../backends/cone-kernels.ts';
import { coneProgram } from '../implicit/cones/cone-program.ts';
import { CONE_SOLVE_OPTIONS, type ConeSolveOptions, coneSettings } from '../implicit/cones/options.ts';
import { readSelection } from '../implicit/programs/options.ts';
import { type Cone, readCones, rowsOfCones } from '../solvers/cones/cone.ts';
import { affine } from '../tensor/operations.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkWidth, constantParameter, type Layer, type ParameterSpecification, uniformParameter } from './layer.ts';
import { constant } from './output-bounds.ts';
import { checkMap, type ProgramMap, quadraticParameters, ridgedSquare } from './program-parameters.ts';

/** The options of `coneLayer`, with the options of `coneProgram` for its solves. */
export interface ConeLayerOptions extends Omit<ConeSolveOptions, 'engine' | 'initial' | 'signal'> {
  /** Width of a row that goes in. */
  inputs: number;
  /** Width of a row that comes out, which is the number of variables of the program. */
  outputs: number;
  /** K, in the order of the learnt rows of A. The zero cone makes equalities, fewer than `outputs` together. */
  cones: readonly Cone[];
  /**
   * affine (default): c is a learnt affine map of the input. identity: c is the input itself, which is then as wide as
   * the output.
   */
  map?: ProgramMap;
  /** ε > 0 in P = LLᵀ + εI, which makes the solution unique for every L. It is not learnt. Default 1e-3. */
  ridge?: number;
}

const { engine: _engine, initial: _initial, signal: _signal, ...KEPT } = CONE_SOLVE_OPTIONS;
const OPTIONS: Checks<ConeLayerOptions> = { ...KEPT, inputs: 0, outputs: 0, cones: 0, map: 0, ridge: 0 };

/**
 * The solution x of min ½xᵀ(LLᵀ + εI)x + cᵀx over A(z − x) + e ∈ K, where c is an affine map of the input (Agrawal et
 * al., "Differentiable convex optimization layers", 2019).
 *
 * The parameters are L [outputs, outputs], which starts as the identity; B [outputs, inputs] and c [outputs] of
 * c = Bv + c for an input v, unless `map` is identity; A [m, outputs], with the m rows of the cones; point [outputs],
 * which is z; and slack, one number for each cone: e is softplus(slack) times a point inside of the cone, and starts at
 * that point. Whatever the parameters are, x = z satisfies all constraints, so that the program always has a solution.
 *
 * To load a model with this layer, pass the layer to `modelFrom(checkpoint, engine, { layers: { coneLayer } })`. Where
 * constraints depend on the input, write a layer of your own around `coneProgram`.
 *
 * @returns a layer from [batch, inputs] to [batch, outputs]
 * @throws RangeError where an option is wrong, such as a cone whose `dim` does not fit its type
 */
export function coneLayer(given: ConeLayerOptions): Layer {
  const options = readOptions('coneLayer', given, OPTIONS, 'cones');
  const { inputs, outputs, map = 'affine', ridge = 1e-3 } = options;
  checkWidth('coneLayer', 'inputs', inputs);
  checkWidth('coneLayer', 'outputs', outputs);
  checkMap('coneLayer', { map, inputs, outputs, ridge });
  const blocks = readCones('coneLayer: cones', options.cones);
  const rows = rowsOfCones(blocks);
  if (rows === 0) throw new RangeError('coneLayer: cones is empty; it must hold at least one cone');
  const equalities = rowsOfCones(blocks.filter(({ type }) => type === 'zero'));
  if (equalities >= outputs) {
    throw new RangeError(
      `coneLayer: cones hold ${equalities} rows of the zero cone; with ${outputs} outputs there may be at most ${outputs - 1}`,
    );
  }
  const solve = solveOptions(options);
  coneSettings(solve);
  if (solve.selection !== undefined) readSelection(solve.selection, rows);
  const parameters = parametersOf({ inputs, outputs, map, rows, cones: blocks.length });
  const cones = blocks.map(
    ({ type, dim, alpha }): Cone => (Number.isNaN(alpha) ? { type, dim } : { type, dim, alpha }),
  );
  return {
    kind: 'coneLayer',
    inputs,
    outputs,
    options: { ...options },
    parameters,
    forward(x, values, { solves, signal }) {
      const named = Object.fromEntries(parameters.map(({ name }, index) => [name, values[index]]));
      const P = ridgedSquare(named.L, ridge);
      const c = map === 'affine' ? affine(x, named.B, named.c) : x;
      const inside = insideOf(x, named.slack, blocks, rows);
      const b = named.A.matmul(named.point.reshape([outputs, 1]))
        .reshape([rows])
        .add(inside);
      const solution = coneProgram({ ...solve, P, A: named.A, b, c, cones, signal });
      solves.push(solution);
      return solution.x;
    },
  };
}

/** What is left is for the solves. */
function solveOptions(options: ConeLayerOptions): ConeSolveOptions {
  const { inputs, outputs, cones, map, ridge, ...solve } = options;
  return solve;
}

interface LayerExtents extends Pick<ConeLayerOptions, 'inputs' | 'outputs'> {
  readonly map: ProgramMap;
  readonly rows: number;
  readonly cones: number;
}

function parametersOf({ inputs, outputs, map, rows, cones }: LayerExtents): ParameterSpecification[] {
  return [
    ...quadraticParameters({ inputs, outputs, map }),
    uniformParameter('A', [rows, outputs], outputs),
    constantParameter('slack', [cones], Math.log(Math.E - 1)),
    constantParameter('point', [outputs], 0),
  ];
}

/** softplus(slack) times a point inside of each cone, [m]. */
function insideOf(beside: Tensor, slack: Tensor, blocks: readonly ConeBlock[], rows: number): Tensor {
  const points = new Float64Array(rows * blocks.length);
  for (const [index, block] of blocks.entries()) {
    for (const [row, value] of interiorPoint(block).entries()) {
      points[(block.start + row) * blocks.length + index] = value;
    }
  }
  const matrix = constant(beside, [rows, blocks.length], points);
  return matrix.matmul(slack.softplus().reshape([blocks.length, 1])).reshape([rows]);
}

/** Inside of the cones of three dimensions: e⁰ < 2, −(−1)·e⁰ < e, and 1 > 0 in both power cones. */
const TRIPLES: Readonly<Partial<Record<ConeType, readonly number[]>>> = {
  exp: [0, 1, 2],
  expdual: [-1, 0, 1],
  pow: [1, 1, 0],
  powdual: [1, 1, 0],
};

/** A point inside of the cone; 0 of the zero cone, which has no inside, and of the whole space. */
function interiorPoint({ type, dim, rows }: ConeBlock): Float64Array {
  const point = new Float64Array(rows);
  if (type === 'nonneg') point.fill(1);
  else if (type === 'soc') point[0] = 1;
  else if (type === 'psd') {
    // The places of the diagonal in the lower triangle, column by column.
    for (let column = 0, place = 0; column < dim; place += dim - column, column++) point[place] = 1;
  } else point.set(TRIPLES[type] ?? []);
  return point;
}
