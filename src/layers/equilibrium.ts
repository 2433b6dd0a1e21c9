import { createArgumentError, FUNCTION, isListOf, NOT_NEGATIVE } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { jacobianPenalty } from '../implicit/equilibrium/jacobian-penalty.ts';
import { fixedPoint } from '../implicit/root.ts';
import { type FixedPointOptions, IMPLICIT_OPTIONS, implicitSettings } from '../implicit/root-options.ts';
import type { ImplicitFunction } from '../implicit/system.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkWidth, type Layer, type ParameterSpecification } from './layer.ts';

/** Options of the layer `equilibrium`; the options of its solves are those of `fixedPoint`. */
export interface EquilibriumOptions
  extends Omit<FixedPointOptions, 'unknown' | 'inputs' | 'coupled' | 'signal' | 'selection'> {
  /** Width of a row that goes in. */
  inputs: number;
  /** Width n of z, and so of a row that comes out. */
  width: number;
  /** The parameters of f. */
  parameters: readonly ParameterSpecification[];
  /**
   * f(z, x, …parameters) for rows z [batch, n] and x [batch, inputs], written with tensor operations; returns [batch, n].
   */
  transition: (z: Tensor, x: Tensor, ...parameters: Tensor[]) => Tensor;
  /**
   * What is computed once for each forward pass, from x and the parameters, and takes their place as arguments of the transition, such as Ux and a
   * matrix after `spectralNormalisation`. Default: x and the parameters.
   */
  prepare?: (x: Tensor, ...parameters: Tensor[]) => Tensor[];
  /** γ ≥ 0: `train` adds γ·`jacobianPenalty` to the loss of each step. Default 0. */
  jacobianPenalty?: number;
  /** Names the layer in summaries and checkpoints, where a model has several. Default equilibrium. */
  kind?: string;
}

const {
  unknown: _unknown,
  inputs: _inputs,
  coupled: _coupled,
  signal: _signal,
  selection: _selection,
  ...OF_SOLVE
} = IMPLICIT_OPTIONS;
const OPTIONS: Checks<EquilibriumOptions> = {
  ...OF_SOLVE,
  inputs: 0,
  width: 0,
  parameters: 0,
  transition: FUNCTION,
  prepare: FUNCTION,
  jacobianPenalty: NOT_NEGATIVE,
  kind: 0,
};

const isSpecification = (one: ParameterSpecification): boolean =>
  typeof one?.name === 'string' && Array.isArray(one.shape) && typeof one.initial === 'function';

/**
 * The deep equilibrium layer z = f(z, x, θ) for a transition f of your own (Bai, Kolter and Koltun, "Deep Equilibrium
 * Models", 2019), differentiated by the implicit function theorem.
 *
 * Nothing guarantees that such an f has a fixed point, or one alone: certificates are `unknown` unless the norms of its operations
 * show a contraction, `z.solve.certify` examines the one that was found, and what depends on a failed solve rejects unless
 * `onFailure` is report. `spectralNormalisation` and `jacobianPenalty` make failures rare. `contractive` and `monotone` exclude them.
 *
 * To load a model with this layer, make it anew: `modelFrom(checkpoint, engine, { layers: { equilibrium: () => layer } })`.
 * @returns a layer from [batch, inputs] to [batch, n]
 * @throws RangeError where an option is wrong
 */
export function equilibrium(given: EquilibriumOptions): Layer {
  const options = readOptions('equilibrium', given, OPTIONS, 'transition');
  const {
    inputs,
    width,
    parameters,
    transition,
    prepare,
    jacobianPenalty: weight = 0,
    kind = 'equilibrium',
    ...solve
  } = options;
  checkWidth('equilibrium', 'inputs', inputs);
  checkWidth('equilibrium', 'width', width);
  if (!isListOf(parameters, isSpecification)) {
    throw createArgumentError(
      'equilibrium: parameters',
      parameters,
      'a list of parameters with name, shape and initial',
    );
  }
  const names = parameters.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new RangeError(`equilibrium: parameters: two are called ${twice}; each must have a name of its own`);
  }
  if (typeof kind !== 'string' || kind === '') throw createArgumentError('equilibrium: kind', kind, 'a text');
  implicitSettings('fixed point', solve);
  return {
    kind,
    inputs,
    outputs: width,
    parameters,
    forward(x, values, { solves, signal, training }) {
      const own = prepare ? prepare(x, ...values) : [x, ...values];
      const f: ImplicitFunction = (z, ...others) => (transition as ImplicitFunction)(z, ...others);
      const z = fixedPoint(f, { ...solve, unknown: startOf(x, width), inputs: own, signal });
      solves.push(z.solve);
      if (weight > 0 && training?.addToLoss) {
        const seed = Math.floor(training.random.uniform() * 2 ** 31);
        training.addToLoss(jacobianPenalty(f, z, own, { seed }).mul(weight));
      }
      return z;
    },
  };
}

/** Zeros, [batch, width]. */
function startOf(x: Tensor, width: number): Tensor {
  return x.context.upload(new Float64Array(x.shape[0] * width), [x.shape[0], width], x);
}
