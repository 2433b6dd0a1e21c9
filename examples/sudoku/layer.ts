/** The layer that learns the rules: a quadratic program with learnt equalities (Amos & Kolter 2017, section 4.4). */
import type { Random } from '../../src/data/random.ts';
import {
  concat,
  type Engine,
  type Layer,
  type ParameterSpecification,
  quadraticProgram,
  type Tensor,
} from '../../src/index.ts';

/** The options of `rulesLayer`. */
export interface RulesOptions {
  /** n, the width of a row that goes in and of one that comes out: cells × numbers. */
  readonly width: number;
  /** The number of learnt equalities, fewer than n. */
  readonly rows: number;
}

/** In tensors, a bound from 10²⁰ on is none. */
const NONE = 1e30;

/**
 * The solution z of min ½‖z‖² − w·vᵀz over Az = Az₀, z ≥ 0 for an input v: the point of a learnt polyhedron that is
 * nearest to w·v (B. Amos & J. Z. Kolter, "OptNet: differentiable optimization as a layer in neural networks", 2017,
 * section 4.4, where ½·0.1‖z‖² − vᵀz is minimised, so that w is 10).
 *
 * The parameters are A [rows, width], which starts with normal numbers of variance 1/width; the logarithms of 4z₀
 * [width] and of w [1], which start at 0. Whatever they are, z₀ > 0 satisfies the constraints, so that each program has
 * a solution, and since the objective is strictly convex it has only one.
 *
 * @param engine of the models that the layer will be part of
 * @returns a layer from [batch, width] to [batch, width]
 */
export function rulesLayer(engine: Engine, { width, rows }: RulesOptions): Layer {
  const unit = (length: number, place: number): number[] => Array.from({ length }, (_, at) => (at === place ? 1 : 0));
  const identity = Array.from({ length: width }, (_, place) => unit(width, place));
  const vector = (value: number): Tensor => engine.tensor(new Float32Array(width).fill(value));
  return {
    kind: 'rules',
    inputs: width,
    outputs: width,
    parameters: parametersOf(width, rows),
    forward(v, [A, point, weight], { solves, signal }) {
      const feasible = point.exp().div(4).reshape([width, 1]);
      const image = A.matmul(feasible).reshape([rows]);
      const solution = quadraticProgram({
        P: identity,
        q: v.mul(weight.exp().neg()),
        A: concat([A, engine.tensor(identity.flat(), [width, width])]),
        l: concat([image, vector(0)]),
        u: concat([image, vector(NONE)]),
        // In float64 also where a graphics card computes: solutions come to lie at nearly degenerate vertices.
        solver: 'interior-point',
        // As the rules emerge, more rows hold than there are variables, and y is no longer unique: the gradient in A is
        // then one of many. Learning goes on with it.
        onFailedCertificate: 'ignore',
        signal,
      });
      solves.push(solution);
      return solution.x;
    },
  };
}

function parametersOf(width: number, rows: number): ParameterSpecification[] {
  const initial = (random: Random): Float32Array =>
    Float32Array.from({ length: rows * width }, () => random.normal() / Math.sqrt(width));
  return [
    { name: 'A', shape: [rows, width], initial },
    { name: 'point', shape: [width], initial: () => new Float32Array(width) },
    { name: 'weight', shape: [1], initial: () => new Float32Array(1) },
  ];
}
