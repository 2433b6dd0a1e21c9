import type { Constant } from './backend.ts';

/** Fills `values`, which has the size of the constant's slot. The oracle does this by its own code. */
export function writeConstant(values: Float32Array, constant: Constant): void {
  if (constant.kind === 'values') {
    values.set(constant.values);
    return;
  }
  values.fill(constant.kind === 'fill' ? constant.value : 0);
  if (constant.kind === 'identity') {
    for (let index = 0; index < constant.order; index++) values[index * constant.order + index] = 1;
  }
}
