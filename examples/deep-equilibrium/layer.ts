/** A layer whose equation is not in the library: two gated products, as in a recurrent cell that runs until it settles. */
import {
  equilibrium,
  type Layer,
  type ParameterSpecification,
  type Random,
  spectralNormalisation,
} from '../../src/index.ts';

export const INPUTS = 64;

interface CellOptions {
  readonly width: number;
  /** Bound of ‖W‖₂, or undefined for a W that is left as it is. */
  readonly bound?: number;
  /** Numbers of W at first are uniform on ± this. */
  readonly reach: number;
}

const uniform =
  (size: number, reach: number) =>
  (random: Random): Float32Array =>
    Float32Array.from({ length: size }, () => reach * (2 * random.uniform() - 1));

const matrix = (name: string, shape: readonly [number, number], reach: number): ParameterSpecification => ({
  name,
  shape,
  initial: uniform(shape[0] * shape[1], reach),
});

/** z = g∘tanh(zW + xU) + (1 − g)∘xU with the gate g = σ(xG), which x alone opens. */
export function cell({ width, bound, reach }: CellOptions): Layer {
  return equilibrium({
    inputs: INPUTS,
    width,
    parameters: [
      matrix('W', [width, width], reach),
      matrix('U', [INPUTS, width], 1 / Math.sqrt(INPUTS)),
      matrix('G', [INPUTS, width], 1 / Math.sqrt(INPUTS)),
    ],
    prepare(x, W, U, G) {
      const [driven, gate] = [x.matmul(U), x.matmul(G).sigmoid()];
      const normalised = bound === undefined ? W : spectralNormalisation(W, { bound });
      return [driven, gate, driven.sub(gate.mul(driven)), normalised];
    },
    transition: (z, driven, gate, rest, W) => z.matmul(W).add(driven).tanh().mul(gate).add(rest),
    onFailure: 'report',
  });
}
