/** `equilibra train`: a monotone equilibrium model learns to read digits. */
import { BACKENDS } from '../backends/open.ts';
import { type Dataset, digits } from '../data/index.ts';
import {
  adam,
  type BackendName,
  dense,
  type Engine,
  evaluate,
  type Model,
  monotone,
  type Progress,
  sequential,
  stepDecay,
  train as trainModel,
} from '../index.ts';
import { ACTIVATION_NAMES } from '../solvers/activations.ts';
import { FORWARD_SOLVERS, type ForwardSolverName } from '../solvers/index.ts';
import { activationNamed } from './activation-name.ts';
import { engineFor } from './engine.ts';
import { EXIT, InputError, type IO, shown } from './io.ts';
import {
  type Arguments,
  choiceOption,
  countOption,
  helpOf,
  numberOption,
  positiveOption,
  readArguments,
} from './options.ts';
import { accuracyLine, epochLine, stepLine } from './progress.ts';

const SOLVERS = Object.keys(FORWARD_SOLVERS) as ForwardSolverName[];

const TABLE = {
  width: { value: '<count>', description: 'width n of the equilibrium layer', fallback: '100' },
  activation: { value: '<name>', description: ACTIVATION_NAMES.join(', '), fallback: 'relu' },
  margin: { value: '<number>', description: 'm of the layer, I − W ⪰ m·I', fallback: '1' },
  epochs: { value: '<count>', description: 'passes over the training data', fallback: '40' },
  batch: { value: '<count>', description: 'samples in a step', fallback: '64' },
  rate: { value: '<number>', description: 'step size of Adam', fallback: '1e-2' },
  'decay-factor': { value: '<number>', description: 'the rate is multiplied by it, in (0, 1]', fallback: '0.1' },
  'decay-every': { value: '<count>', description: 'after so many epochs', fallback: '15' },
  tolerance: { value: '<number>', description: 'of the relative residual of every solve', fallback: '1e-4' },
  solver: { value: '<name>', description: SOLVERS.join(', '), fallback: SOLVERS[0] },
  seed: { value: '<count>', description: 'of the start and the order of the samples', fallback: '0' },
  backend: { value: '<name>', description: BACKENDS.join(', '), fallback: 'webgpu on hardware, else cpu' },
};

const NOTES = 'Exit code: 0 trained, 2 bad input, 3 a solve did not converge, 130 interrupted.';

interface Settings {
  readonly model: Model;
  readonly epochs: number;
  readonly batch: number;
  readonly rate: ReturnType<typeof stepDecay>;
  readonly seed: number;
  readonly backend: BackendName | undefined;
}

class Interrupted extends Error {}

export async function train(argv: readonly string[], io: IO): Promise<number> {
  const given = readArguments('train', TABLE, argv);
  if (given.options.help) {
    io.out(helpOf('equilibra train [options]', 'Trains on 8 × 8 handwritten digits.', TABLE, NOTES));
    return EXIT.done;
  }
  if (given.positionals.length > 0) {
    throw new InputError(`${shown(given.positionals[0])}: train takes options only, such as --epochs 10`);
  }
  const settings = settingsOf(given);
  const interruption = io.interruption();
  const data = await digits();
  const engine = await engineFor(settings.backend);
  try {
    introduce(io, data, settings, engine);
    await run(io, data, settings, engine, interruption);
    return EXIT.done;
  } catch (error) {
    io.line?.('');
    if (!(error instanceof Interrupted)) throw error;
    io.error('interrupted\n');
    return EXIT.interrupted;
  } finally {
    engine.close();
  }
}

function settingsOf(given: Arguments): Settings {
  const width = countOption(given, 'width', 100);
  const decay = {
    factor: numberOption(given, 'decay-factor', 0.1, 'a number in (0, 1]', (value) => value > 0 && value <= 1),
    every: countOption(given, 'decay-every', 15),
  };
  const layer = monotone({
    inputs: 64,
    width,
    activation: activationOption(given),
    margin: positiveOption(given, 'margin', 1),
    tolerance: positiveOption(given, 'tolerance', 1e-4),
    solver: choiceOption(given, 'solver', SOLVERS),
  });
  const natural = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  return {
    model: sequential(layer, dense({ inputs: width, outputs: 10 })),
    epochs: countOption(given, 'epochs', 40),
    batch: countOption(given, 'batch', 64),
    rate: stepDecay(positiveOption(given, 'rate', 1e-2), decay),
    seed: numberOption(given, 'seed', 0, `an integer from 0 to ${Number.MAX_SAFE_INTEGER}`, natural),
    backend: choiceOption(given, 'backend', BACKENDS),
  };
}

function activationOption({ options }: Arguments): ReturnType<typeof activationNamed> {
  try {
    return activationNamed(options.activation ?? 'relu');
  } catch (error) {
    throw error instanceof InputError ? new InputError(`--${error.message}`) : error;
  }
}

function introduce(io: IO, data: Dataset, { model, backend }: Settings, engine: Engine): void {
  const { train: training, test } = data;
  const parameters = model.layers.flatMap((layer) => layer.parameters.map(({ shape }) => shape));
  const count = parameters.reduce((sum, shape) => sum + shape.reduce((size, extent) => size * extent, 1), 0);
  const layers = model.layers.map(({ kind, inputs, outputs }) => `${kind} ${inputs} → ${outputs}`).join(', ');
  const why = engine.backend === 'cpu' && backend === undefined ? '; `equilibra doctor` says why not webgpu' : '';
  io.out(`data     ${data.name}: ${training.count} training, ${test.count} held-out\n`);
  io.out(`model    ${layers}: ${count} parameters\n`);
  io.out(`backend  ${engine.backend}: ${engine.adapter.description}${why}\n`);
}

async function run(
  io: IO,
  data: Dataset,
  { model, epochs, batch, rate, seed }: Settings,
  engine: Engine,
  interruption: AbortSignal,
): Promise<void> {
  const started = performance.now();
  const onProgress = (progress: Progress): void => {
    if (interruption.aborted) throw new Interrupted();
    io.line?.(progress.kind === 'step' ? stepLine(progress) : '');
    if (progress.kind === 'epoch') io.out(`${epochLine(progress)}\n`);
  };
  const optimiser = adam({ rate });
  const options = { epochs, batch, seed, optimiser, validation: data.test, onProgress };
  await trainModel(engine, model, data, options);
  io.out(`${accuracyLine(await evaluate(model, data.test))}\n`);
  io.out(`${((performance.now() - started) / 1000).toFixed(1)} s in all\n`);
}
