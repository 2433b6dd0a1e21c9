/**
 * A pass of an iteration as the epilogue of a product, and what observes it. Loaded when a Program first holds such a call: a
 * page whose layers are no wider than one workgroup solves does without.
 */
import observe from '../../../shaders/observe.wgsl';
import pass from '../../../shaders/shared/pass.wgsl';
import register from '../../../shaders/shared/pass-register.wgsl';
import tiled from '../../../shaders/shared/pass-tiled.wgsl';
import { ABSENT, ACTIVATIONS, ITERATIONS, layoutOfPass, type ObserveCall, type PassCall } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import { type Forms, f, groupsFor, type LoadedDispatch, u } from './dispatch.ts';
import { BLOCK, groupsOf, type ProductForm, usualForm } from './lower-product.ts';
import * as shaders from './shaders.ts';

const PASS = { file: 'shared/pass.wgsl', text: pass };
const REGISTER = { file: 'shared/pass-register.wgsl', text: register };
const TILED = { file: 'shared/pass-tiled.wgsl', text: tiled };
const OBSERVE = shaders.kernel(4, shaders.MONITOR, { file: 'observe.wgsl', text: observe });

export function lowerLoaded(step: PlannedCall, forms: Forms): LoadedDispatch {
  const { call } = step;
  if (call.kernel === 'pass') return lowerPass(call, step, forms);
  if (call.kernel === 'observe') return lowerObserve(call, step, forms);
  throw new Error(`${call.kernel} is not among the kernels that are loaded by themselves`);
}

/** The form of the product, and the tiles of the columns over which it adds up. */
function formOf(
  { batch, n }: PassCall | ObserveCall,
  transposed: boolean,
  forms: Forms,
): ProductForm & { tiles: number } {
  const form = usualForm({ m: batch, n, k: n, transposeA: false, transposeB: transposed }, forms);
  return { ...form, tiles: Math.ceil(n / (forms.tiled ? form.columns : BLOCK)) };
}

/** The kernel of a pass in a form of the product. */
export function passShader(form: ProductForm['shader']): shaders.Shader {
  const epilogue = form === 'product-tiled' ? [TILED] : [shaders.OUTER, REGISTER];
  const { ACTIVATIONS, MONITOR, ITERATION } = shaders;
  return shaders.kernel(7, ACTIVATIONS, MONITOR, ITERATION, PASS, ...epilogue, shaders.PRODUCT_FORMS[form]);
}

function lowerPass(call: PassCall, step: PlannedCall, forms: Forms): LoadedDispatch {
  const { batch, n, transposed } = call;
  const form = formOf(call, transposed, forms);
  const [carried, matrix, ...others] = step.operands;
  return {
    shader: `pass, ${form.shader}`,
    source: passShader(form.shader),
    constants: {
      ...form.constants,
      METHOD: ITERATIONS.indexOf(call.iteration),
      ACTIVATION: ACTIVATIONS.indexOf(call.activation),
      SLOPED: call.inputs[4] === ABSENT ? 0 : 1,
    },
    sizes: [
      ...u(batch, n, n, 0, batch),
      ...u(n, 1),
      ...u(...(transposed ? [1, n] : [n, 1])),
      ...f(...call.activationParameters),
      ...u(0, form.tiles), // zero
    ],
    operands: [carried, matrix, carried, ...others],
    result: step.output,
    groups: groupsOf(form, n, batch),
    work: 2 * batch * n ** 2,
  };
}

function lowerObserve(call: ObserveCall, step: PlannedCall, forms: Forms): LoadedDispatch {
  const { batch, shared } = call;
  const { tiles } = formOf(call, false, forms);
  return {
    shader: 'observe',
    source: OBSERVE,
    constants: {},
    sizes: [
      ...u(batch, layoutOfPass(call).sums, tiles),
      ...u(shared.tolerance ? 1 : 0, shared.floor ? 1 : 0, call.giveUp ? 1 : 0, call.relative ? 1 : 0),
      ...f(call.staleLimit, call.epsilon),
    ],
    operands: step.operands,
    result: step.output,
    groups: groupsFor(batch),
    work: 2 * batch * tiles,
  };
}
