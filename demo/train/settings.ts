/** The settings of a run. Names and texts are those of `equilibra train`, which can resume the page's checkpoints. */
import type { Activation, BackendName, ForwardSolverName, TaskName } from '../../src/index.ts';

/**
 * Whether the form offers each activation. When one is added to the library, this does not compile until it is listed.
 */
const OFFERED_ACTIVATIONS = {
  relu: true,
  tanh: true,
  sigmoid: true,
  softThreshold: false, // softThreshold and clip have parameters
  leakyRelu: true,
  clip: false,
  softplus: true,
  elu: true,
  softsign: true,
  arctan: true,
  softmax: false, // acts on a whole layer
} as const satisfies Record<Activation['name'], boolean>;

const OFFERED_SOLVERS = {
  auto: true,
  'peaceman-rachford': true,
  'anderson-peaceman-rachford': true,
  'anderson-picard+peaceman-rachford': true,
  'forward-backward': true,
  anderson: true,
  picard: false, // picard and anderson-picard need not converge
  'anderson-picard': false,
} as const satisfies Record<ForwardSolverName | 'auto', boolean>;

type Offered<Choices> = { [Name in keyof Choices]: Choices[Name] extends true ? Name : never }[keyof Choices];

function listOffered<Choices extends Readonly<Record<string, boolean>>>(choices: Choices): readonly Offered<Choices>[] {
  return Object.keys(choices).filter((name) => choices[name]) as unknown as Offered<Choices>[];
}

export const ACTIVATIONS = listOffered(OFFERED_ACTIVATIONS);
export const SOLVERS = listOffered(OFFERED_SOLVERS);

/** The equilibrium layer: over rows of numbers, or a convolution over images. */
export const MODELS = ['monotone', 'convolution'] as const;

export const OPTIMISERS = ['adam', 'adamW', 'sgd', 'stochasticGradient'] as const;

/** The losses of regression. */
export const LOSSES = ['meanSquaredError', 'meanAbsoluteError', 'huber'] as const;

export interface Settings {
  readonly model: (typeof MODELS)[number];
  /** The width of the layer over rows. */
  readonly width: number;
  /** The channels of the convolution. */
  readonly channels: number;
  readonly activation: (typeof ACTIVATIONS)[number];
  readonly margin: number;
  readonly solver: (typeof SOLVERS)[number];
  readonly tolerance: number;
  readonly optimiser: (typeof OPTIMISERS)[number];
  readonly rate: number;
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
  /** That of regression; classification has one loss only. */
  readonly loss: (typeof LOSSES)[number];
  readonly backend: BackendName | undefined;
}

/** Whether two settings describe the same run. The backend and the number of epochs may differ. */
export function isSameRun(before: Settings, now: Settings): boolean {
  const kept = ({ epochs, backend, ...rest }: Settings): string => JSON.stringify(Object.entries(rest).sort());
  return kept(before) === kept(now);
}

export const DEFAULTS: Settings = {
  model: 'monotone',
  width: 100,
  channels: 16,
  activation: 'relu',
  margin: 1,
  solver: 'auto',
  tolerance: 1e-3,
  optimiser: 'adam',
  rate: 1e-2,
  epochs: 20,
  batch: 64,
  seed: 0,
  loss: 'meanSquaredError',
  backend: undefined,
};

/** The learning rate is multiplied by `factor` every `every` epochs. */
export const DECAY = { factor: 0.1, every: 15 } as const;

export type Options = Readonly<Record<string, string>>;

/** Turns the settings into the options that the command line stores in a checkpoint. */
export function toOptions({ backend, loss, model, width, channels, ...settings }: Settings, task: TaskName): Options {
  const { optimiser } = settings;
  const all = {
    ...(model === 'convolution' ? { model, channels } : { width }),
    ...settings,
    'warm-start': 'none',
    momentum: optimiser === 'sgd' || optimiser === 'stochasticGradient' ? 0 : undefined,
    'weight-decay': { adam: undefined, adamW: 1e-2, sgd: 0, stochasticGradient: 0 }[optimiser],
    schedule: 'stepDecay',
    'decay-factor': DECAY.factor,
    'decay-every': DECAY.every,
    loss: task === 'regression' ? loss : undefined,
    backend,
  };
  const present = Object.entries(all).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, String(value)]));
}

/** The options that may differ when a run is resumed. */
const CHANGEABLE: readonly string[] = ['epochs', 'backend'];

/**
 * Reads the settings with which a checkpoint was trained.
 * @param options the options that the page or the command line stored
 * @returns undefined where the run used something that this page does not offer
 */
export function readSettings(options: Options): Settings | undefined {
  const number = (name: string, fallback: number): number => Number(options[name] ?? fallback);
  const settings = {
    ...DEFAULTS,
    model: (options.model ?? DEFAULTS.model) as Settings['model'],
    width: number('width', DEFAULTS.width),
    channels: number('channels', DEFAULTS.channels),
    activation: options.activation as Settings['activation'],
    margin: number('margin', DEFAULTS.margin),
    solver: options.solver as Settings['solver'],
    tolerance: number('tolerance', DEFAULTS.tolerance),
    optimiser: options.optimiser as Settings['optimiser'],
    rate: number('rate', DEFAULTS.rate),
    epochs: number('epochs', DEFAULTS.epochs),
    batch: number('batch', DEFAULTS.batch),
    seed: number('seed', DEFAULTS.seed),
    loss: (options.loss ?? DEFAULTS.loss) as Settings['loss'],
  };
  const own = toOptions(settings, options.loss === undefined ? 'classification' : 'regression');
  const names = new Set([...Object.keys(own), ...Object.keys(options)]);
  const isOffered =
    (MODELS as readonly string[]).includes(settings.model) &&
    (ACTIVATIONS as readonly string[]).includes(settings.activation) &&
    (SOLVERS as readonly string[]).includes(settings.solver) &&
    (OPTIMISERS as readonly string[]).includes(settings.optimiser) &&
    (LOSSES as readonly string[]).includes(settings.loss);
  const differs = [...names].some(
    (name) => !CHANGEABLE.includes(name) && !DATA_OPTIONS.includes(name) && own[name] !== options[name],
  );
  return isOffered && !differs ? settings : undefined;
}

/** The options that say how a table was read. They are compared with the data instead. */
const DATA_OPTIONS: readonly string[] = [
  'target',
  'held-out',
  'ignore',
  'categorical',
  'missing',
  'standardise',
  'header',
];
