/** Reads which model `equilibra train` trains, and the options of its equilibrium layer. */
import { convolutionNetwork, dense, type Model, monotone, sequential } from '../index.ts';
import { chooseChannels } from '../layers/convolution-network.ts';
import type { ImageShape } from '../layers/layer.ts';
import { ACTIVATION_NAMES } from '../solvers/activations.ts';
import { FORWARD_SOLVERS, type ForwardSolverName } from '../solvers/index.ts';
import { resolveActivationName } from './activation-name.ts';
import { CONTRACTIVE_OPTIONS, CONTRACTIVE_SOLVERS, readContractiveSettings } from './contractive-settings.ts';
import { InputError } from './io.ts';
import type { LayerSize } from './memory-check.ts';
import { type Arguments, readChoice, readCount, readNumber, readPositive } from './options.ts';
import { refuseOptions } from './table-options.ts';

const MODELS = ['monotone', 'contractive', 'convolution'] as const;
const SOLVERS = ['auto', ...(Object.keys(FORWARD_SOLVERS) as ForwardSolverName[])] as const;
const WARM_STARTS = ['none', 'step', 'sample'] as const;

const KERNEL = 3;

export const MODEL_OPTIONS = {
  model: {
    value: '<name>',
    description: 'monotone or contractive: a layer over the numbers of a row; convolution: one over images',
    fallback: MODELS[0],
  },
  width: { value: '<count>', description: 'monotone, contractive: width n of the equilibrium layer', fallback: '100' },
  ...CONTRACTIVE_OPTIONS,
  channels: {
    value: '<count>',
    description: 'convolution: channels of the equilibrium layer',
    fallback: '16; 54 or 81 for images of at least 24 × 24, grey or in colour',
  },
  kernel: { value: '<count>', description: 'convolution: rows and columns of its kernels, odd', fallback: `${KERNEL}` },
  activation: {
    value: '<name>',
    description: `${ACTIVATION_NAMES.join(', ')}; contractive: also abs, not softmax`,
    fallback: 'relu',
  },
  margin: { value: '<number>', description: 'monotone, convolution: m of the layer, I − W ⪰ m·I', fallback: '1' },
  tolerance: { value: '<number>', description: 'bound on the relative residual of every solve', fallback: '1e-4' },
  solver: {
    value: '<name>',
    description: `${SOLVERS.join(', ')}; contractive: ${CONTRACTIVE_SOLVERS.join(', ')}`,
    fallback: SOLVERS[0],
  },
  step: {
    value: '<number>',
    description:
      'monotone, convolution: α of the forward solver, or tuned: chosen by the iterations of a batch, and again when they grow',
    fallback: 'from m and ‖I − W‖',
  },
  'warm-start': {
    value: '<rule>',
    description:
      "monotone: where solves start in training: none, step (mean solution of the last step), sample (the sample's last solution)",
    fallback: 'none',
  },
};

/** What a checkpoint implies that does not name these options. */
export const IMPLIED_OPTIONS: Readonly<Record<string, string>> = { model: MODELS[0], kernel: String(KERNEL) };

/** The rows that the model takes. */
export interface Rows {
  readonly features: number;
  readonly shape?: readonly number[];
}

export interface ModelSettings {
  readonly size: LayerSize;
  /** Creates the model for such rows, and for `outputs` classes or targets. */
  modelFor(rows: Rows, outputs: number): Model;
  /** The options in effect, by name; undefined where the default goes without saying. */
  readonly chosen: Readonly<Record<string, string | number | undefined>>;
}

/**
 * @param rows undefined before the data say them
 * @throws InputError that names the option and says what is allowed
 */
export function readModelSettings(given: Arguments, rows?: Rows): ModelSettings {
  const model = readChoice(given, 'model', MODELS) ?? MODELS[0];
  if (model === 'contractive') return readContractiveSettings(given);
  refuseOptions(given, Object.keys(CONTRACTIVE_OPTIONS), `it is for --model contractive; this is ${model}`);
  const isConvolution = model === 'convolution';
  const warmStart = readChoice(given, 'warm-start', WARM_STARTS) ?? 'none';
  const solve = readSolve(given);
  const chosen = { ...solve, 'warm-start': warmStart };
  if (!isConvolution) {
    refuseOptions(given, ['channels', 'kernel'], 'it is for --model convolution; this is monotone');
    const width = readCount(given, 'width', 100);
    return {
      size: { width },
      modelFor: ({ features }, outputs) =>
        sequential(monotone({ inputs: features, width, ...solve, warmStart }), dense({ inputs: width, outputs })),
      chosen: { width, ...chosen },
    };
  }
  const misplaced = warmStart === 'none' ? ['width'] : ['width', 'warm-start'];
  refuseOptions(given, misplaced, 'it is for --model monotone; this is convolution');
  const kernel = readNumber(
    given,
    'kernel',
    KERNEL,
    'an odd positive integer',
    (value) => value > 0 && value % 2 === 1,
  );
  const shape = rows && requireImages(rows);
  const channels = readCount(given, 'channels', shape && chooseChannels(shape));
  return {
    size: { shape: shape ?? [1, 1, 1], channels: channels ?? 1, kernel },
    modelFor: (own, outputs) => convolutionFor({ shape: requireImages(own), outputs, channels, kernel, ...solve }),
    chosen: { model: 'convolution', channels, kernel: kernel === KERNEL ? undefined : kernel, ...chosen },
  };
}

function readSolve(given: Arguments) {
  const solve = {
    activation: readActivationOption(given),
    margin: readPositive(given, 'margin', 1),
    tolerance: readPositive(given, 'tolerance', 1e-4),
    solver: readChoice(given, 'solver', SOLVERS) ?? SOLVERS[0],
    step: readStepSize(given),
  };
  if (solve.step === 'tuned' && !['auto', 'peaceman-rachford'].includes(solve.solver)) {
    throw new InputError(
      `--step: it is "tuned", but --solver is "${solve.solver}"; the step is tuned for peaceman-rachford only`,
    );
  }
  return solve;
}

/** @throws InputError where a size is beyond what a layer may have */
function convolutionFor(options: Parameters<typeof convolutionNetwork>[0]): Model {
  try {
    return convolutionNetwork(options);
  } catch (error) {
    throw error instanceof RangeError ? new InputError(`--model convolution: ${error.message}`) : error;
  }
}

function requireImages({ features, shape = [] }: Rows): ImageShape {
  if (shape.length === 3) return shape as unknown as ImageShape;
  throw new InputError(
    `--model: it is "convolution", which takes images, but these are rows of ${features} numbers without rows and columns of pixels`,
  );
}

function readStepSize(given: Arguments): number | 'tuned' | undefined {
  if (given.options.step === 'tuned') return 'tuned';
  const allows = (value: number): boolean => value > 0 && Number.isFinite(value);
  return readNumber(given, 'step', undefined, 'a finite number > 0, or tuned', allows);
}

function readActivationOption({ options }: Arguments): ReturnType<typeof resolveActivationName> {
  try {
    return resolveActivationName(options.activation ?? 'relu');
  } catch (error) {
    throw error instanceof InputError ? new InputError(`--${error.message}`) : error;
  }
}
