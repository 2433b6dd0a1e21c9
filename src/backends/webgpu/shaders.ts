/**
 * The WGSL sources of each kernel, and its bindings: sizes, guard, operands and result in this order, sizes and guard
 * if it has them.
 */
import combine from '../../../shaders/combine.wgsl';
import elementwise from '../../../shaders/elementwise.wgsl';
import iterate from '../../../shaders/iterate.wgsl';
import loopAdvance from '../../../shaders/loop-advance.wgsl';
import loopEnter from '../../../shaders/loop-enter.wgsl';
import move from '../../../shaders/move.wgsl';
import productTiled from '../../../shaders/product-tiled.wgsl';
import reduceThread from '../../../shaders/reduce-thread.wgsl';
import reduceWorkgroup from '../../../shaders/reduce-workgroup.wgsl';
import rowsThread from '../../../shaders/rows-thread.wgsl';
import rowsWorkgroup from '../../../shaders/rows-workgroup.wgsl';
import scalar from '../../../shaders/scalar.wgsl';
import piecewiseActivations from '../../../shaders/shared/activations-piecewise.wgsl';
import elements from '../../../shaders/shared/elements.wgsl';
import functions from '../../../shaders/shared/functions.wgsl';
import iteration from '../../../shaders/shared/iteration.wgsl';
import lengths from '../../../shaders/shared/lengths.wgsl';
import monitor from '../../../shaders/shared/monitor.wgsl';
import numbers from '../../../shaders/shared/numbers.wgsl';
import piecewiseOperations from '../../../shaders/shared/operations-piecewise.wgsl';
import product from '../../../shaders/shared/product.wgsl';
import reduction from '../../../shaders/shared/reduction.wgsl';
import rows from '../../../shaders/shared/rows.wgsl';
import rowsDirect from '../../../shaders/shared/rows-direct.wgsl';
import states from '../../../shaders/shared/states.wgsl';
import wholeLoop from '../../../shaders/shared/whole-loop.wgsl';
import { ACTIVATIONS, ELEMENTWISE, ROWS as ROW_OPERATIONS } from '../kernels.ts';
import { CONSTANTS } from './constants.ts';

export interface ShaderPart {
  readonly file: string;
  /** A promise if it is loaded on first use, because pages that train do not need it. */
  readonly text: string | Promise<string>;
}

/** The parts of a shader, their texts, and the module that is compiled from them. */
export interface ShaderSource {
  readonly parts: readonly ShaderPart[];
  readonly texts: readonly string[];
  readonly module: GPUShaderModule;
}

/** Override constants of a pipeline, by name. */
export type Constants = Readonly<Record<string, number>>;

/**
 * Chooses the parts that a pipeline with these constants needs. Compilers spend much time on unused code before they
 * drop it.
 */
type Choice = (constants: Constants) => readonly ShaderPart[];

export interface Shader {
  readonly parts: readonly (ShaderPart | Choice)[];
  readonly hasSizes: boolean;
  readonly hasGuard: boolean;
  readonly operands: number;
}

export function selectParts({ parts }: Shader, constants: Constants): readonly ShaderPart[] {
  return parts.flatMap((part) => (typeof part === 'function' ? part(constants) : [part]));
}

export const NUMBERS = { file: 'shared/numbers.wgsl', text: numbers };
const LENGTHS = { file: 'shared/lengths.wgsl', text: lengths };
export const FUNCTIONS = { file: 'shared/functions.wgsl', text: functions };
const PIECEWISE = {
  activations: { file: 'shared/activations-piecewise.wgsl', text: piecewiseActivations },
  operations: { file: 'shared/operations-piecewise.wgsl', text: piecewiseOperations },
};
const SMOOTH = {
  activations: loadLater(
    'shared/activations-smooth.wgsl',
    () => import('../../../shaders/shared/activations-smooth.wgsl'),
  ),
  operations: loadLater(
    'shared/operations-smooth.wgsl',
    () => import('../../../shaders/shared/operations-smooth.wgsl'),
  ),
};
/** The activations and operations that are in the sources SMOOTH. */
const IS_SMOOTH = /^(exp|(proximal)?(tanh|sigmoid|softplus|elu|softsign|arctan)(Derivative)?)$/i;

const ACTIVATION: Choice = ({ ACTIVATION = 0 }) =>
  IS_SMOOTH.test(ACTIVATIONS[ACTIVATION])
    ? [CONSTANTS.activations, NUMBERS, FUNCTIONS, SMOOTH.activations]
    : [CONSTANTS.activations, NUMBERS, PIECEWISE.activations];
const OPERATION: Choice = ({ OPERATION = 0 }) => {
  const isSmooth = IS_SMOOTH.test(ELEMENTWISE[OPERATION]);
  const { activations, operations } = isSmooth ? SMOOTH : PIECEWISE;
  const constants = [CONSTANTS.activations, CONSTANTS.elementwise, NUMBERS];
  return [...constants, ...(isSmooth ? [FUNCTIONS] : []), activations, operations];
};
const ITERATION = { file: 'shared/iteration.wgsl', text: iteration };
const ELEMENTS = { file: 'shared/elements.wgsl', text: elements };
const MONITOR = [CONSTANTS.state, { file: 'shared/monitor.wgsl', text: monitor }];
const PRODUCT = [CONSTANTS.biases, { file: 'shared/product.wgsl', text: product }];
const REDUCTION = [CONSTANTS.reductions, LENGTHS, { file: 'shared/reduction.wgsl', text: reduction }];
const ROWS_DIRECT = { file: 'shared/rows-direct.wgsl', text: rowsDirect };
const ROWS_ITERATED = loadLater(
  'shared/rows-iterated.wgsl',
  () => import('../../../shaders/shared/rows-iterated.wgsl'),
);
/** The operations that are in ROWS_ITERATED. */
const IS_ITERATED = /^pro/;
const ROWS: Shader['parts'] = [
  ...[NUMBERS, FUNCTIONS, CONSTANTS.rows, { file: 'shared/rows.wgsl', text: rows }],
  ({ OPERATION = 0 }) => [IS_ITERATED.test(ROW_OPERATIONS[OPERATION]) ? ROWS_ITERATED : ROWS_DIRECT],
];
const STATES = { file: 'shared/states.wgsl', text: states };
const WHOLE_LOOP = { file: 'shared/whole-loop.wgsl', text: wholeLoop };

/** The parts that all iterations of an equation have in common. */
const ITERATING: Shader['parts'] = [ACTIVATION, LENGTHS, ...MONITOR, CONSTANTS.iterations, ITERATION];

function defineKernel(operands: number, ...parts: Shader['parts']): Shader {
  return { parts, hasSizes: true, hasGuard: true, operands };
}

/** All variants of the product have the same bindings. */
export function defineProduct(...source: ShaderPart[]): Shader {
  return defineKernel(6, ACTIVATION, ...PRODUCT, ...source);
}

function defineWholeLoop(source: ShaderPart): Shader {
  return defineKernel(7, ...ITERATING, STATES, WHOLE_LOOP, source);
}

function defineGrouped(source: ShaderPart): Shader {
  return defineKernel(7, NUMBERS, LENGTHS, ...MONITOR, STATES, GROUPED, source);
}

/**
 * A part that is loaded when a pipeline first needs it, for kernels that most pages do not use, such as those for
 * software adapters.
 */
function loadLater(file: string, load: () => Promise<{ default: string }>): ShaderPart {
  return {
    file,
    get text() {
      return load().then((module) => module.default);
    },
  };
}

const GROUPED = loadLater('shared/grouped-loop.wgsl', () => import('../../../shaders/shared/grouped-loop.wgsl'));

const REGISTER = loadLater(
  'shared/product-register.wgsl',
  () => import('../../../shaders/shared/product-register.wgsl'),
);

const PRODUCT_TILED = { file: 'product-tiled.wgsl', text: productTiled };

export const SHADERS = {
  'product-register': defineProduct(
    REGISTER,
    loadLater('product-register.wgsl', () => import('../../../shaders/product-register.wgsl')),
  ),
  'product-register-vector': defineProduct(
    REGISTER,
    loadLater('product-register-vector.wgsl', () => import('../../../shaders/product-register-vector.wgsl')),
  ),
  'product-tiled': defineProduct(PRODUCT_TILED),
  cholesky: defineKernel(
    1,
    loadLater('cholesky.wgsl', () => import('../../../shaders/cholesky.wgsl')),
  ),
  'triangular-solve': defineKernel(
    2,
    loadLater('triangular-solve.wgsl', () => import('../../../shaders/triangular-solve.wgsl')),
  ),
  'batched-product': defineProduct(
    loadLater('batched-product.wgsl', () => import('../../../shaders/batched-product.wgsl')),
  ),
  elementwise: defineKernel(3, OPERATION, { file: 'elementwise.wgsl', text: elementwise }, ELEMENTS),
  move: defineKernel(3, CONSTANTS.moves, { file: 'move.wgsl', text: move }, ELEMENTS),
  combine: defineKernel(6, { file: 'combine.wgsl', text: combine }, ELEMENTS),
  'reduce-thread': defineKernel(2, ACTIVATION, ...REDUCTION, { file: 'reduce-thread.wgsl', text: reduceThread }),
  'reduce-workgroup': defineKernel(2, ACTIVATION, ...REDUCTION, {
    file: 'reduce-workgroup.wgsl',
    text: reduceWorkgroup,
  }),
  'rows-thread': defineKernel(2, ...ROWS, { file: 'rows-thread.wgsl', text: rowsThread }),
  'rows-workgroup': defineKernel(2, ...ROWS, { file: 'rows-workgroup.wgsl', text: rowsWorkgroup }),
  anderson: defineWholeLoop(loadLater('anderson.wgsl', () => import('../../../shaders/anderson.wgsl'))),
  proximalGradient: defineGrouped(
    loadLater('proximal-gradient.wgsl', () => import('../../../shaders/proximal-gradient.wgsl')),
  ),
  splitting: defineGrouped(loadLater('splitting.wgsl', () => import('../../../shaders/splitting.wgsl'))),
  iterate: defineWholeLoop({ file: 'iterate.wgsl', text: iterate }),
  pass: defineKernel(
    6,
    ...ITERATING,
    loadLater('shared/pass.wgsl', () => import('../../../shaders/shared/pass.wgsl')),
    PRODUCT_TILED,
    loadLater('shared/pass-tiled.wgsl', () => import('../../../shaders/shared/pass-tiled.wgsl')),
  ),
  'pass-observe': defineKernel(
    3,
    ...ITERATING,
    STATES,
    loadLater('pass-observe.wgsl', () => import('../../../shaders/pass-observe.wgsl')),
  ),
  scalar: defineKernel(4, CONSTANTS.scalars, NUMBERS, ...MONITOR, { file: 'scalar.wgsl', text: scalar }),
  solve: defineKernel(
    2,
    NUMBERS,
    loadLater('solve.wgsl', () => import('../../../shaders/solve.wgsl')),
  ),
  'loop-enter': {
    parts: [{ file: 'loop-enter.wgsl', text: loopEnter }],
    hasSizes: false,
    hasGuard: true,
    operands: 1,
  },
  'loop-advance': {
    parts: [{ file: 'loop-advance.wgsl', text: loopAdvance }],
    hasSizes: false,
    hasGuard: false,
    operands: 1,
  },
} as const satisfies Record<string, Shader>;

export type ShaderName = keyof typeof SHADERS;
