import { COUNT, createArgumentError } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { solveMonotone } from '../implicit/monotone.ts';
import { interiorMask, MAXIMUM_UNITS, monotoneConvolutionMap, torusOf } from '../implicit/monotone-convolution.ts';
import { checkPositive, checkSolveOptions, SOLVE_OPTIONS, type SolveOptions } from '../implicit/options.ts';
import type { ActivationOption } from '../solvers/activations.ts';
import type { ForwardSolverName, LinearSolverName } from '../solvers/index.ts';
import type { LinearMap } from '../solvers/linear-map.ts';
import { engineOf } from '../tensor/engine-of.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { cutBorder } from './image-border.ts';
import { takingImages } from './image-options.ts';
import { inputConvolution } from './input-convolution.ts';
import { constantParameter, type Layer, uniformParameter } from './layer.ts';
import { isTuningDue, rememberedStep, rememberIterations, tuneStep } from './monotone-memory.ts';

/** Options of the layer `monotoneConvolution`; the options of its solves are those of `monotoneFixedPoint`. */
export interface MonotoneConvolutionOptions extends Omit<SolveOptions, 'step' | 'signal' | 'solver' | 'linearSolver'> {
  /** Channels of the images that go in. */
  inputChannels: number;
  /** Channels c of z, and so of the images that come out. */
  channels: number;
  /** Rows and columns of the images. */
  size: readonly [number, number];
  /** Rows, and columns, k of all kernels: odd. Default 3. */
  kernel?: number;
  /** σ, without a mask. Default relu. */
  activation?: ActivationOption;
  /** m > 0: the layer is 1/m-Lipschitz in Ux + c. Default 1. */
  margin?: number;
  /** zeros (default): images have a border of zeros. periodic: they continue on the opposite side. */
  border?: 'zeros' | 'periodic';
  /** Forward solver, by name, since a checkpoint stores it; see `SolveOptions`. Default auto. */
  solver?: ForwardSolverName | 'auto';
  /** Solver of the linear solves, by name; see `SolveOptions`. Default auto. */
  linearSolver?: LinearSolverName | 'auto';
  /**
   * Step size α > 0. With tuned, the first training batch chooses it by the number of iterations of
   * Peaceman-Rachford; it is tuned again when iterations grow. Default: chosen from m and ‖I − W‖.
   */
  step?: number | 'tuned';
}

const { signal: _, ...OF_SOLVES } = SOLVE_OPTIONS;
const OPTIONS: Checks<MonotoneConvolutionOptions> = {
  ...OF_SOLVES,
  inputChannels: COUNT,
  channels: COUNT,
  size: 0,
  kernel: 0,
  activation: 0,
  margin: 0,
  border: 0,
};

/** g with softplus(g) = 1. */
const UNIT_GAMMA = Math.log(Math.E - 1);

/**
 * The layer z = σ(Wz + Ux + c) on images, the monotone convolution of Winston & Kolter (2020, section 4). A row is the
 * images of one sample: channel, row, column.
 *
 * W = (1 − m)I − γÂᵀÂ + η(B̂ − B̂ᵀ), γ = softplus(g), ensures I − W ⪰ m·I for all parameters; see
 * `monotoneConvolutionMap`. A, B are kernels [c, c, k, k], U is [c, inputChannels, k, k], c [c]. With a border of zeros,
 * images are enlarged by ⌊k/2⌋ pixels on each side, where z is held at 0; the layer returns what is inside. A and B start
 * uniform on ±1/√(ck²), U and c on ±1/√(inputChannels·k²), γ and η at 1.
 * @throws RangeError where an option is wrong
 */
export function monotoneConvolution(given: MonotoneConvolutionOptions): Layer {
  const {
    inputChannels,
    channels,
    size,
    kernel: k = 3,
    activation = 'relu',
    margin = 1,
    border = 'zeros',
    step,
    ...solve
  } = readOptions('monotoneConvolution', given, OPTIONS, 'inputChannels', 'channels', 'size');
  const { rows, columns } = torusOf('monotoneConvolution: size', size);
  COUNT('monotoneConvolution: kernel', k);
  if (k % 2 === 0) throw createArgumentError('monotoneConvolution: kernel', k, 'odd');
  if (border !== 'zeros' && border !== 'periodic') {
    throw createArgumentError('monotoneConvolution: border', border, 'zeros or periodic');
  }
  checkPositive('margin', margin);
  const isTuned = step === 'tuned';
  checkSolveOptions({ ...solve, activation, ...(!isTuned && { step }) });
  const ring = border === 'zeros' ? (k - 1) / 2 : 0;
  const inner = [rows, columns] as const;
  const outer = [rows + 2 * ring, columns + 2 * ring] as const;
  checkUnits('channels, size and kernel', channels * outer[0] * outer[1]);
  checkUnits('inputChannels, size and kernel', inputChannels * Math.max(outer[0] * outer[1], channels * k * k));
  const place = { inner, outer, ring };
  const masked = ring === 0 ? activation : withMask(activation, interiorMask(channels, outer, inner, ring));
  const options = { ...solve, activation: masked, ...(!isTuned && { step }) };
  if (isTuned && !['auto', 'peaceman-rachford'].includes(solve.solver ?? 'auto')) {
    throw new RangeError(`monotoneConvolution: step is "tuned", for which the solver must be peaceman-rachford`);
  }
  const { solver: _s, linearSolver: _l, step: _a, onFailure: _f, ...tuning } = options;
  const weights = (A: Tensor, B: Tensor, g: Tensor, h: Tensor): LinearMap =>
    monotoneConvolutionMap(A, B, g, h, { torus: outer, margin });
  const bias = (x: Tensor, U: Tensor, c: Tensor): Tensor =>
    inputConvolution(engineOf('monotoneConvolution: x', x), [x, U, c], place);
  const taps = k * k;
  return {
    kind: 'monotoneConvolution',
    inputs: inputChannels * rows * columns,
    outputs: channels * rows * columns,
    ...takingImages('monotoneConvolution', [inputChannels, rows, columns]),
    outputShape: [channels, rows, columns],
    options: { ...solve, inputChannels, channels, size: [rows, columns], kernel: k, activation, margin, border, step },
    parameters: [
      uniformParameter('A', [channels, channels, k, k], channels * taps),
      uniformParameter('B', [channels, channels, k, k], channels * taps),
      constantParameter('g', [1], UNIT_GAMMA),
      constantParameter('h', [1], 1),
      uniformParameter('U', [channels, inputChannels, k, k], inputChannels * taps),
      uniformParameter('c', [channels], inputChannels * taps),
    ],
    tuning: isTuned
      ? {
          isDue: isTuningDue,
          async tune(x, [A, B, g, h, U, c], memory, trainingStep) {
            await tuneStep(memory, trainingStep, weights(A, B, g, h), bias(x, U, c), tuning);
          },
        }
      : undefined,
    forward(x, [A, B, g, h, U, c], { solves, memory, signal, training }) {
      const own = { ...options, step: isTuned ? rememberedStep(memory) : step, signal };
      const solution = solveMonotone(weights(A, B, g, h), bias(x, U, c), own);
      solves.push(solution);
      if (training && isTuned) {
        training.whenRead(async () => rememberIterations(memory, training.step, await solution.report));
      }
      return ring === 0 ? solution.z : cutBorder(solution.z, place);
    },
  };
}

function checkUnits(names: string, units: number): void {
  if (units > MAXIMUM_UNITS) {
    throw new RangeError(`monotoneConvolution: ${names} make ${units} units; they must make at most ${MAXIMUM_UNITS}`);
  }
}

function withMask(activation: ActivationOption, mask: readonly number[]): ActivationOption {
  if (typeof activation === 'string') return { name: activation, mask };
  if (activation.mask === undefined) return { ...activation, mask };
  throw createArgumentError('monotoneConvolution: the mask of activation', activation.mask, 'left out');
}
