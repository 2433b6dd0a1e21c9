/** Turns planned kernel calls into dispatches. */
import type { Statement } from '../backend.ts';
import {
  ABSENT,
  ACTIVATIONS,
  type CombineCall,
  ELEMENTWISE,
  type ElementwiseCall,
  type ElementwiseOperation,
  MOVES,
  type MoveCall,
  SCALARS,
  type ScalarCall,
  type SolveCall,
} from '../kernels.ts';
import { isContiguous } from '../liveness.ts';
import type { PlannedCall, PlannedCopy } from '../plan.ts';
import { type Dispatch, f, groupsForInvocations, i, type ProductVariants, u } from './dispatch.ts';
import { lowerGrouped, lowerIterate } from './lower-iterate.ts';
import { lowerPass } from './lower-pass.ts';
import { lowerProduct } from './lower-product.ts';
import { lowerReduce } from './lower-reduce.ts';
import { lowerRows } from './lower-rows.ts';

/** Lowers the kernels that a page which trains does without, once it is loaded. */
let late: typeof import('./lower-late.ts') | undefined;

export function isLate({ kernel }: Statement): boolean {
  return /^(batchedP|chol|tri|projectC)/.test(kernel);
}

export async function loadLate(): Promise<void> {
  late = await import('./lower-late.ts');
}

export function lowerCall(planned: PlannedCall, variants: ProductVariants): Dispatch[] {
  const { call } = planned;
  switch (call.kernel) {
    case 'product':
      return lowerProduct(call, planned, variants);
    case 'reduce':
      return lowerReduce(call, planned, variants);
    case 'elementwise':
      return [lowerElementwise(call, planned, variants)];
    case 'move':
      return lowerMove(call, planned, variants);
    case 'combine':
      return [lowerCombine(call, planned, variants)];
    case 'rows':
      return [lowerRows(call, planned, variants)];
    case 'scalar':
      return [lowerScalar(call, planned)];
    case 'solve':
      return [lowerSolve(call, planned)];
    case 'iterate':
      return lowerIterate(call, planned, variants);
    case 'proximalGradient':
    case 'splitting':
      return lowerGrouped(call, planned, variants);
    case 'pass':
      return lowerPass(call, planned);
    case 'batchedProduct':
    case 'cholesky':
    case 'triangularSolve':
    case 'projectCones':
    case 'projectConesDerivative':
      if (!late) throw new Error(`${call.kernel}: its code is not loaded`);
      return late.lowerLate(call, planned, variants);
    case 'coordinateDescent':
    case 'homotopy':
    case 'invert':
    case 'batchedInvert':
    case 'fourier':
    case 'complexProduct':
    case 'interiorPoint':
    case 'programDerivative':
    case 'coneInteriorPoint':
    case 'coneDerivative':
      throw new Error(`${call.kernel} is sequential: it does not run on a GPU; choose another solver`);
  }
}

/**
 * The operands to bind, padded with ABSENT to the number that the kernel has. An operand in the result's own storage is
 * ABSENT too, because the kernel reads it there.
 */
function boundOperands(planned: PlannedCall, count: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    const inPlace = (planned.inPlace >> index) & 1;
    return inPlace || index >= planned.operands.length ? ABSENT : planned.operands[index];
  });
}

function toBitMask(flags: readonly boolean[]): number {
  return flags.reduce((mask, flag, index) => mask | (flag ? 1 << index : 0), 0);
}

/** On a software adapter an invocation costs as much as several elements, so each invocation computes four of them. */
function elementConstants(variants: ProductVariants): { FOUR: number } {
  return { FOUR: variants.tiled ? 0 : 1 };
}

function elementGroups(count: number, variants: ProductVariants): readonly [number, number] {
  return groupsForInvocations(variants.tiled ? count : Math.ceil(count / 4));
}

export function lowerCopy({ from, to, size }: Omit<PlannedCopy, 'kind'>, variants: ProductVariants): Dispatch {
  return {
    shader: 'elementwise',
    constants: { OPERATION: ELEMENTWISE.indexOf('copy'), LINEAR: 7, IN_PLACE: 0, ...elementConstants(variants) },
    sizes: [...u(1, 1, 1, size), ...i(...Array<number>(16).fill(0)), ...u(size), ...f(0, 0, 0)],
    operands: [from, ABSENT, ABSENT],
    result: to,
    groups: elementGroups(size, variants),
    work: size,
  };
}

/** The index of the activation that an operation computes, or whose prox_{αf} it computes. */
const ACTIVATION_OF: ReadonlyMap<string, number> = new Map(
  ACTIVATIONS.flatMap((name, index) => [
    [name, index],
    [`proximal${name[0].toUpperCase()}${name.slice(1)}`, index],
  ]),
);

/** Estimated operations per element. Only their order of magnitude matters, for the size of submits. */
const ELEMENT_WORK = 8;
const NEWTON_WORK = 400;
const USES_NEWTON: ReadonlySet<ElementwiseOperation> = new Set([
  'proximalTanh',
  'proximalSigmoid',
  'proximalSoftplus',
  'proximalElu',
  'proximalArctan',
]);

function lowerElementwise(call: ElementwiseCall, planned: PlannedCall, variants: ProductVariants): Dispatch {
  const count = call.shape.reduce((product, extent) => product * extent, 1);
  const linear = [0, 1, 2].map((index) => index >= call.layouts.length || isContiguous(call, call.layouts[index]));
  const strides = [0, 1, 2].flatMap((index) => call.layouts[index]?.strides ?? [0, 0, 0, 0]);
  const offsets = [0, 1, 2, 3].map((index) => call.layouts[index]?.offset ?? 0);
  const [p0 = 0, p1 = 1, p2 = 0] = call.parameters;
  const activation = ACTIVATION_OF.get(call.operation);
  return {
    shader: 'elementwise',
    constants: {
      OPERATION: ELEMENTWISE.indexOf(call.operation),
      LINEAR: toBitMask(linear),
      IN_PLACE: planned.inPlace,
      ...(activation !== undefined && { ACTIVATION: activation }),
      ...elementConstants(variants),
    },
    sizes: [...u(...call.shape), ...i(...strides), ...i(...offsets), ...u(count), ...f(p0, p1, p2)],
    operands: boundOperands(planned, 3),
    result: planned.output,
    groups: elementGroups(count, variants),
    work: count * (USES_NEWTON.has(call.operation) ? NEWTON_WORK : ELEMENT_WORK),
  };
}

function lowerMove(call: MoveCall, planned: PlannedCall, variants: ProductVariants): Dispatch[] {
  const { outer, inner, extent, others, length, offset } = call;
  const scatters = call.operation === 'scatter';
  const count = outer * (scatters ? others : length) * inner;
  const move: Dispatch = {
    shader: 'move',
    constants: {
      OPERATION: MOVES.indexOf(call.operation),
      INDEXED: call.inputs[1] === ABSENT ? 0 : 1,
      ...elementConstants(variants),
    },
    sizes: [...u(inner, extent, others, length), ...i(offset), ...u(count)],
    operands: planned.operands,
    result: planned.output,
    groups: elementGroups(count, variants),
    work: count * ELEMENT_WORK,
  };
  if (!scatters) return [move];
  return [lowerCopy({ from: planned.operands[0], to: planned.output, size: outer * extent * inner }, variants), move];
}

function lowerCombine(call: CombineCall, planned: PlannedCall, variants: ProductVariants): Dispatch {
  const count = call.rows * call.columns;
  const present = call.inputs.map((slot) => slot !== ABSENT);
  return {
    shader: 'combine',
    constants: {
      TERMS: toBitMask(present.slice(0, 3)),
      COEFFICIENTS: toBitMask(present.slice(3)),
      IN_PLACE: planned.inPlace,
      ...elementConstants(variants),
    },
    sizes: [...f(...call.factors, 0), ...u(call.columns, count)],
    operands: boundOperands(planned, 6),
    result: planned.output,
    groups: elementGroups(count, variants),
    work: count * ELEMENT_WORK,
  };
}

function lowerScalar(call: ScalarCall, planned: PlannedCall): Dispatch {
  const [p0 = 0, p1 = 0, p2 = 0] = call.parameters;
  return {
    shader: 'scalar',
    constants: {
      OPERATION: SCALARS.indexOf(call.operation),
      SHARED: toBitMask(call.shared),
      IN_PLACE: planned.inPlace,
    },
    sizes: [...u(call.batch), ...f(p0, p1, p2)],
    operands: boundOperands(planned, 4),
    result: planned.output,
    groups: groupsForInvocations(call.batch),
    work: call.batch * ELEMENT_WORK,
  };
}

function lowerSolve(call: SolveCall, planned: PlannedCall): Dispatch {
  return {
    shader: 'solve',
    constants: {},
    sizes: u(call.batch, call.order),
    operands: boundOperands(planned, 2),
    result: planned.output,
    groups: groupsForInvocations(call.batch),
    work: (call.batch * call.order ** 3 * 2) / 3 + call.batch * call.order ** 2,
  };
}
