import { createArgumentError } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { solveMonotone } from '../implicit/monotone.ts';
import { checkPositive, checkSolveOptions, SOLVE_OPTIONS, type SolveOptions } from '../implicit/options.ts';
import { monotoneMap } from '../implicit/parametrisation.ts';
import { type ActivationOption, checkMask } from '../solvers/activations.ts';
import type { ForwardSolverName, LinearSolverName } from '../solvers/index.ts';
import type { LinearMap } from '../solvers/linear-map.ts';
import { engineOf } from '../tensor/engine-of.ts';
import { affine } from '../tensor/operations.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkWidth, type Layer, uniformParameter } from './layer.ts';
import {
  isTuningDue,
  rememberedResolvent,
  rememberedStep,
  rememberIterations,
  rememberResolvent,
  rememberSolutions,
  tuneStep,
  type WarmStart,
  warmStart,
} from './monotone-memory.ts';

/** Options of the layer `monotone`; the options of its solves are those of `monotoneFixedPoint`. */
export interface MonotoneLayerOptions extends Omit<SolveOptions, 'step' | 'signal' | 'solver' | 'linearSolver'> {
  /** Width of a row that goes in. */
  inputs: number;
  /** Width n of z, and so of a row that comes out. */
  width: number;
  /** σ. Default relu. */
  activation?: ActivationOption;
  /** m > 0: the layer is 1/m-Lipschitz in Ux + c. Default 1. */
  margin?: number;
  /** Forward solver, by name, since a checkpoint stores it; see `SolveOptions`. Default auto. */
  solver?: ForwardSolverName | 'auto';
  /** Solver of the linear solves, by name; see `SolveOptions`. Default auto. */
  linearSolver?: LinearSolverName | 'auto';
  /**
   * Step size α > 0. With tuned, the first training batch chooses it by the number of iterations of
   * Peaceman-Rachford; it is tuned again when iterations grow. Default: chosen from m and ‖I − W‖.
   */
  step?: number | 'tuned';
  /**
   * Where solves of training start. step: at the mean solution of the last step. sample: at the sample's last
   * solution, which takes [samples, n] numbers of memory. Default none: at 0.
   */
  warmStart?: WarmStart;
}

const { signal: _, ...OF_SOLVES } = SOLVE_OPTIONS;
const OPTIONS: Checks<MonotoneLayerOptions> = {
  ...OF_SOLVES,
  inputs: 0,
  width: 0,
  activation: 0,
  margin: 0,
  warmStart: 0,
};

/**
 * The layer z = σ(Wz + Ux + c), the monotone equilibrium layer of Winston & Kolter (2020).
 *
 * W = (1 − m)I − AᵀA + B − Bᵀ ensures I − W ⪰ m·I for all parameters A, B [n, n], so that z exists, is unique, and
 * has a gradient everywhere; U is [n, inputs], c is [n]. A and B start uniform on ±1/√n, U and c on ±1/√inputs.
 */
export function monotone(given: MonotoneLayerOptions): Layer {
  const {
    inputs,
    width,
    activation = 'relu',
    margin = 1,
    step,
    warmStart: start = 'none',
    ...solve
  } = readOptions('monotone', given, OPTIONS);
  checkWidth('monotone', 'inputs', inputs);
  checkWidth('monotone', 'width', width);
  const isTuned = step === 'tuned';
  checkPositive('margin', margin);
  const options = { ...solve, activation, ...(!isTuned && { step }) };
  const { activation: chosen } = checkSolveOptions(options);
  checkMask(chosen, width);
  checkChoices(start, isTuned, solve.solver ?? 'auto');
  const { solver: _s, linearSolver: _l, step: _a, onFailure: _f, ...tuning } = options;
  const weights = (A: Tensor, B: Tensor): LinearMap => monotoneMap(A, B, margin);
  return {
    kind: 'monotone',
    inputs,
    outputs: width,
    options: { ...solve, inputs, width, activation, margin, step, warmStart: start },
    parameters: [
      uniformParameter('A', [width, width], width),
      uniformParameter('B', [width, width], width),
      uniformParameter('U', [width, inputs], inputs),
      uniformParameter('c', [width], inputs),
    ],
    tuning: isTuned
      ? {
          isDue: isTuningDue,
          async tune(x, [A, B, U, c], memory, trainingStep) {
            await tuneStep(memory, trainingStep, weights(A, B), affine(x, U, c), tuning);
          },
        }
      : undefined,
    forward(x, [A, B, U, c], { solves, memory, signal, training }) {
      const b = affine(x, U, c);
      const initial = training && warmStart(start, memory, training, b);
      const own = { ...options, step: isTuned ? rememberedStep(memory) : step, initial, signal };
      const solution = solveMonotone(weights(A, B), b, own, training && rememberedResolvent(memory));
      solves.push(solution);
      if (training) {
        const engine = engineOf('monotone: x', x);
        rememberResolvent(memory, solution.resolvent, engine);
        rememberSolutions(start, memory, training, solution.z, engine);
        if (isTuned) {
          training.whenRead(async () => rememberIterations(memory, training.step, await solution.report));
        }
      }
      return solution.z;
    },
  };
}

function checkChoices(start: WarmStart, isTuned: boolean, solver: string): void {
  if (!['none', 'step', 'sample'].includes(start)) {
    throw createArgumentError('monotone: warmStart', start, 'one of none, step, sample');
  }
  if (isTuned && !['auto', 'peaceman-rachford'].includes(solver)) {
    throw new RangeError(`monotone: solver is "${solver}"; with a tuned step it must be peaceman-rachford`);
  }
}
