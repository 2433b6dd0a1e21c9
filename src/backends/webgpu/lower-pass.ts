/**
 * A pass of an iteration takes two dispatches: a product whose epilogue computes T(x), and the monitor, which observes
 * the residuals that the first has left in `sums`.
 */
import { ABSENT, ACTIVATIONS, ITERATIONS, type PassCall, passLayout } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import { type Dispatch, f, groupsForInvocations, u } from './dispatch.ts';
import { chooseTiledVariant, groupsForResult } from './lower-product.ts';

export function lowerPass(call: PassCall, planned: PlannedCall): Dispatch[] {
  const { batch, n, transposed, shared } = call;
  const form = chooseTiledVariant({ m: batch, n, k: n, transposeA: false, transposeB: transposed });
  /** The number of column tiles for each of which the first dispatch writes a partial sum. */
  const tiles = Math.ceil(n / form.columns);
  const [carried, matrix, b, alpha, tolerance, floor, slope] = planned.operands;
  const { kept, state, lost, sums } = passLayout(batch, n);
  const sloped = call.inputs[6] === ABSENT ? 0 : 1;
  const result = planned.output;
  return [
    {
      shader: 'pass',
      constants: {
        ...form.constants,
        METHOD: ITERATIONS.indexOf(call.iteration),
        ACTIVATION: ACTIVATIONS.indexOf(call.activation),
        SLOPED: sloped,
      },
      sizes: [
        ...u(batch, n, n, 0, batch, n, 1),
        ...u(...(transposed ? [1, n] : [n, 1])),
        ...f(...call.activationParameters),
        ...u(0, tiles, kept, state, lost, sums), // `zero`: a 0 that no compiler knows
      ],
      operands: [carried, matrix, carried, b, alpha, slope],
      result,
      groups: groupsForResult(form, n, batch),
      work: 2 * batch * n ** 2,
    },
    {
      shader: 'pass-observe',
      constants: { SLOPED: sloped },
      sizes: [
        ...u(batch, n, tiles, shared.tolerance ? 1 : 0, shared.floor ? 1 : 0, call.giveUp ? 1 : 0),
        ...f(call.staleLimit, call.epsilon, ...call.activationParameters),
        ...u(0, state, sums), // `zero`: a 0 that no compiler knows
      ],
      operands: [carried, tolerance, floor],
      result,
      groups: groupsForInvocations(batch),
      work: 2 * batch * tiles,
    },
  ];
}
