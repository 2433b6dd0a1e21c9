import { createArgumentError } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { implicitSettings } from '../implicit/root-options.ts';
import { CONTRACTIVE_OPTIONS, type ContractiveOptions, solveContractive } from '../implicit/well-posed/contractive.ts';
import { CONTRACTION, contractiveMatrix, projectToContraction } from '../implicit/well-posed/contractive-matrix.ts';
import { type NonExpansiveActivation, readNonExpansive } from '../implicit/well-posed/non-expansive.ts';
import { wellPosedByConstruction } from '../implicit/well-posed/well-posed.ts';
import { checkMask } from '../solvers/activations.ts';
import { affine } from '../tensor/operations.ts';
import { checkWidth, type Layer, type ParameterSpecification, uniformParameter } from './layer.ts';

/** Options of the layer `contractive`; the options of its solves are those of `contractiveFixedPoint`. */
export interface ContractiveLayerOptions
  extends Omit<ContractiveOptions, 'activation' | 'initial' | 'signal' | 'solver' | 'checkInputs'> {
  /** Width of a row that goes in. */
  inputs: number;
  /** Width n of z, and so of a row that comes out. */
  width: number;
  /** φ, non-expansive component by component. Default relu. */
  activation?: NonExpansiveActivation;
  /** κ between 0 and 1: ‖A‖∞ ≤ κ, so that the layer is 1/(1 − κ)-Lipschitz in Bu + c, in the largest entry. Default 0.95. */
  contraction?: number;
  /**
   * How ‖A‖∞ ≤ κ is kept. parametrise (default): A = κ·V/max(1, row norms of V) for a V that is learnt. project: A is learnt itself, and
   * after each step of the optimiser its rows are projected on l1 balls; `train` refuses this with `theorem3`.
   */
  constraint?: 'parametrise' | 'project';
  /**
   * Forward solver, by name, since a checkpoint stores it; see `fixedPoint`. Default auto: picard+anderson, since repetition is
   * known to contract; and for gradients bicgstab+gmres. These have the cheapest iterations.
   */
  solver?: Extract<ContractiveOptions['solver'], string>;
}

const { initial: _initial, signal: _signal, checkInputs: _check, ...OF_SOLVES } = CONTRACTIVE_OPTIONS;
const OPTIONS: Checks<ContractiveLayerOptions> = {
  ...OF_SOLVES,
  inputs: 0,
  width: 0,
  contraction: CONTRACTION,
  constraint: 0,
};

/**
 * The layer z = φ(Az + Bu + c) of implicit deep learning (El Ghaoui, Gu, Travacca, Askari and Tsai, "Implicit Deep
 * Learning", 2021), well posed by ‖A‖∞ ≤ κ < 1: z exists, is unique, and has a gradient everywhere, for every activation that
 * is non-expansive.
 *
 * The parameters are V [n, n], or A itself where it is projected, B [n, inputs] and c [n]. V starts uniform on ±1/√n, A on ±κ/n, B and c
 * on ±1/√inputs.
 *
 * To load a model with this layer, pass the layer to `modelFrom(checkpoint, engine, { layers: { contractive } })`.
 * @returns a layer from [batch, inputs] to [batch, n]
 * @throws RangeError where an option is wrong, or where the activation is not non-expansive
 */
export function contractive(given: ContractiveLayerOptions): Layer {
  const {
    inputs,
    width,
    activation = 'relu',
    contraction = 0.95,
    constraint = 'parametrise',
    ...solve
  } = readOptions('contractive', given, OPTIONS);
  checkWidth('contractive', 'inputs', inputs);
  checkWidth('contractive', 'width', width);
  if (constraint !== 'parametrise' && constraint !== 'project') {
    throw createArgumentError('contractive: constraint', constraint, 'one of parametrise, project');
  }
  const { proximal } = readNonExpansive(activation);
  if (proximal) checkMask(proximal, width);
  implicitSettings('fixed point', solve);
  const isProjected = constraint === 'project';
  const known = isProjected ? undefined : wellPosedByConstruction(contraction, width);
  return {
    kind: 'contractive',
    inputs,
    outputs: width,
    options: { ...solve, inputs, width, activation, contraction, constraint },
    parameters: [
      isProjected ? insideBalls(width, contraction) : uniformParameter('V', [width, width], width),
      uniformParameter('B', [width, inputs], inputs),
      uniformParameter('c', [width], inputs),
    ],
    ...(isProjected && { project: ([A, ...rest]) => [projectToContraction(A, contraction), ...rest] }),
    forward(x, [V, B, c], { solves, signal }) {
      const A = isProjected ? V : contractiveMatrix(V, contraction);
      const z = solveContractive('contractive', A, affine(x, B, c), { ...solve, activation, signal }, known);
      solves.push(z.solve);
      return z;
    },
  };
}

/** A parameter A [n, n] that starts with ‖A‖∞ ≤ κ. */
function insideBalls(n: number, contraction: number): ParameterSpecification {
  const { initial, ...rest } = uniformParameter('A', [n, n], n * n);
  return { ...rest, initial: (random) => initial(random).map((value) => value * contraction) };
}
