import { monotoneFixedPoint } from '../implicit/monotone.ts';
import { checkSolveOptions, type SolveOptions } from '../implicit/options.ts';
import { monotoneMatrix } from '../implicit/parametrisation.ts';
import type { ActivationOption } from '../solvers/activations.ts';
import { Engine } from '../tensor/engine.ts';
import { affine } from '../tensor/operations.ts';
import { checkWidth, type Layer, uniformParameter } from './layer.ts';

export interface MonotoneLayerOptions extends SolveOptions {
  inputs: number;
  /** Width n of z. */
  width: number;
  /** Default relu. */
  activation?: ActivationOption;
  /** m > 0: the layer is 1/m-Lipschitz in Ux + c. Default 1. */
  margin?: number;
}

/**
 * z = σ(Wz + Ux + c), the monotone equilibrium layer of Winston & Kolter (2020).
 *
 * W = (1 − m)I − AᵀA + B − Bᵀ keeps I − W ⪰ m·I whatever the parameters A, B [n, n], so that z exists, is unique, and
 * has a gradient everywhere; U is [n, inputs], c is [n]. A, B start uniform on ±1/√n, U and c on ±1/√inputs.
 */
export function monotone({ inputs, width, activation = 'relu', margin = 1, ...solve }: MonotoneLayerOptions): Layer {
  checkWidth('monotone', 'inputs', inputs);
  checkWidth('monotone', 'width', width);
  const options = { ...solve, activation, margin };
  checkSolveOptions(options);
  return {
    kind: 'monotone',
    inputs,
    outputs: width,
    options: { inputs, width, ...options },
    parameters: [
      uniformParameter('A', [width, width], width),
      uniformParameter('B', [width, width], width),
      uniformParameter('U', [width, inputs], inputs),
      uniformParameter('c', [width], inputs),
    ],
    forward(x, [A, B, U, c], pass) {
      const engine = x.context;
      if (!(engine instanceof Engine)) throw new Error('monotone: x must be a tensor of an engine');
      const W = monotoneMatrix(A, B, engine.scalar(margin));
      const solution = monotoneFixedPoint(W, affine(x, U, c), options);
      pass.solves.push(solution);
      return solution.z;
    },
  };
}
