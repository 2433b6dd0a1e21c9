import { ACTIVATIONS, type ProductCall } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import { type Dispatch, type Forms, f, u } from './dispatch.ts';

/** Invocations of a workgroup of the register form, and what each computes. */
const REGISTER = { width: 8, height: 4, rows: 8, columns: 4 } as const;
/** Results that one invocation of the tiled form computes in each direction. */
const TILE = 4;
/** Edge of the workgroup: the larger one needs fewer loads, the smaller one fills more of the GPU with a small product. */
const EDGES = { small: 8, large: 16 } as const;
/** Workgroups from which the large edge is used. */
const ENOUGH_GROUPS = 128;

export function lowerProduct(call: ProductCall, step: PlannedCall, forms: Forms): Dispatch[] {
  const { m, n, k, transposeA, transposeB } = call;
  const edge = Math.ceil(m / (TILE * EDGES.large)) * Math.ceil(n / (TILE * EDGES.large)) >= ENOUGH_GROUPS ? EDGES.large : EDGES.small;
  const [blockRows, blockColumns] = forms.tiled
    ? [TILE * edge, TILE * edge]
    : [REGISTER.height * REGISTER.rows, REGISTER.width * REGISTER.columns];
  const forForm: Record<string, number> = forms.tiled
    ? { EDGE: edge, A_ALONG_K: transposeA ? 0 : 1, B_ALONG_K: transposeB ? 1 : 0 }
    : { WIDTH: REGISTER.width, HEIGHT: REGISTER.height };
  const rowWork = 2 * n * k;
  const rowsAtOnce = Math.max(1, Math.floor(forms.dispatchWork / (rowWork * blockRows))) * blockRows;
  const dispatches: Dispatch[] = [];
  for (let firstRow = 0; firstRow < m; firstRow += rowsAtOnce) {
    const endRow = Math.min(firstRow + rowsAtOnce, m);
    dispatches.push({
      shader: forms.tiled ? 'product-tiled' : 'product-register',
      constants: { ...forForm, ...epilogueConstants(call) },
      sizes: [
        ...u(m, n, k, firstRow, endRow),
        ...u(...(transposeA ? [1, m] : [k, 1])),
        ...u(...(transposeB ? [1, k] : [n, 1])),
        ...f(call.parameter),
      ],
      operands: step.operands,
      result: step.output,
      groups: [Math.ceil(n / blockColumns), Math.ceil((endRow - firstRow) / blockRows)],
      work: rowWork * (endRow - firstRow),
    });
  }
  return dispatches;
}

function epilogueConstants(call: ProductCall): Record<string, number> {
  return {
    BIAS: ['none', 'row', 'full'].indexOf(call.bias),
    ACTIVATION: ACTIVATIONS.indexOf(call.activation),
    PROXIMAL: call.proximal ? 1 : 0,
    SCALED: call.inputs[3] >= 0 ? 1 : 0,
    RESIDUAL: call.residual ? 1 : 0,
  };
}
