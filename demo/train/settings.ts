/** What a person may choose of a run. The names and the texts are those of `equilibra train`, which goes on from the page's checkpoints. */
import type { Activation, BackendName, ForwardSolverName } from '../../src/index.ts';

/** Which of the library's the form offers: each that is added there has to be decided on here. */
const OFFERED_ACTIVATIONS = {
  relu: true,
  tanh: true,
  sigmoid: true,
  softThreshold: false, // these two want parameters
  leakyRelu: true,
  clip: false,
  softplus: true,
  elu: true,
  softsign: true,
  arctan: true,
  softmax: false, // over a whole layer
} as const satisfies Record<Activation['name'], boolean>;

const OFFERED_SOLVERS = {
  auto: true,
  'peaceman-rachford': true,
  'anderson-peaceman-rachford': true,
  'anderson-picard+peaceman-rachford': true,
  'forward-backward': true,
  anderson: true,
  picard: false, // these two need not converge
  'anderson-picard': false,
} as const satisfies Record<ForwardSolverName | 'auto', boolean>;

type Offered<Choices> = { [Name in keyof Choices]: Choices[Name] extends true ? Name : never }[keyof Choices];

function listOffered<Choices extends Readonly<Record<string, boolean>>>(choices: Choices): readonly Offered<Choices>[] {
  return Object.keys(choices).filter((name) => choices[name]) as unknown as Offered<Choices>[];
}

export const ACTIVATIONS = listOffered(OFFERED_ACTIVATIONS);
export const SOLVERS = listOffered(OFFERED_SOLVERS);

export const OPTIMISERS = ['adam', 'adamW', 'sgd', 'stochasticGradient'] as const;

export interface Settings {
  readonly width: number;
  readonly activation: (typeof ACTIVATIONS)[number];
  readonly margin: number;
  readonly solver: (typeof SOLVERS)[number];
  readonly tolerance: number;
  readonly optimiser: (typeof OPTIMISERS)[number];
  readonly rate: number;
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
  readonly backend: BackendName | undefined;
}

export const DEFAULTS: Settings = {
  width: 100,
  activation: 'relu',
  margin: 1,
  solver: 'auto',
  tolerance: 1e-3,
  optimiser: 'adam',
  rate: 1e-2,
  epochs: 20,
  batch: 64,
  seed: 0,
  backend: undefined,
};

/** The rate falls to a tenth after so many epochs, again and again. */
export const DECAY = { factor: 0.1, every: 15 } as const;

export type Options = Readonly<Record<string, string>>;

/** The settings as the command line writes them down in a checkpoint. */
export function toOptions({ backend, ...settings }: Settings): Options {
  const { optimiser } = settings;
  const all = {
    ...settings,
    'warm-start': 'none',
    momentum: optimiser === 'sgd' || optimiser === 'stochasticGradient' ? 0 : undefined,
    'weight-decay': { adam: undefined, adamW: 1e-2, sgd: 0, stochasticGradient: 0 }[optimiser],
    schedule: 'stepDecay',
    'decay-factor': DECAY.factor,
    'decay-every': DECAY.every,
    backend,
  };
  const present = Object.entries(all).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, String(value)]));
}

/** May be others in a run that is taken up. */
const CHANGEABLE: readonly string[] = ['epochs', 'backend'];

/**
 * The settings that a checkpoint was trained with, where this page offers them all.
 * @param options as the page or the command line wrote them
 * @returns undefined where the run used something that is not on this page
 */
export function readSettings(options: Options): Settings | undefined {
  const number = (name: string, fallback: number): number => Number(options[name] ?? fallback);
  const settings = {
    ...DEFAULTS,
    width: number('width', DEFAULTS.width),
    activation: options.activation as Settings['activation'],
    margin: number('margin', DEFAULTS.margin),
    solver: options.solver as Settings['solver'],
    tolerance: number('tolerance', DEFAULTS.tolerance),
    optimiser: options.optimiser as Settings['optimiser'],
    rate: number('rate', DEFAULTS.rate),
    epochs: number('epochs', DEFAULTS.epochs),
    batch: number('batch', DEFAULTS.batch),
    seed: number('seed', DEFAULTS.seed),
  };
  const own = toOptions(settings);
  const names = new Set([...Object.keys(own), ...Object.keys(options)]);
  const isOffered =
    (ACTIVATIONS as readonly string[]).includes(settings.activation) &&
    (SOLVERS as readonly string[]).includes(settings.solver) &&
    (OPTIMISERS as readonly string[]).includes(settings.optimiser);
  const differs = [...names].some(
    (name) => !CHANGEABLE.includes(name) && !DATA_OPTIONS.includes(name) && own[name] !== options[name],
  );
  return isOffered && !differs ? settings : undefined;
}

/** Of a table: they say how the data were read, and are checked with the data. */
const DATA_OPTIONS: readonly string[] = [
  'target',
  'held-out',
  'ignore',
  'categorical',
  'missing',
  'standardise',
  'header',
];
