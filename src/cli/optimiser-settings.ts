/** Reads the optimiser and its learning rate schedule from the options of `equilibra train`. */
import {
  adam,
  adamW,
  clipped,
  linearWarmUp,
  type Optimiser,
  SCHEDULE_NAMES,
  type Schedule,
  scheduleNamed,
  sgd,
  stochasticGradient,
  type TaskName,
} from '../index.ts';
import { InputError } from './io.ts';
import { type Arguments, readChoice, readCount, readNumber, readPositive } from './options.ts';

const OPTIMISERS = ['adam', 'adamW', 'sgd', 'stochasticGradient'] as const;
type OptimiserName = (typeof OPTIMISERS)[number];

/** The optimisers that have each of these options. */
const OPTIMISERS_OF_OPTION: Readonly<Record<string, readonly OptimiserName[]>> = {
  momentum: ['sgd', 'stochasticGradient'],
  'weight-decay': ['adamW', 'sgd', 'stochasticGradient'],
  theorem3: ['stochasticGradient'],
};

/** Here a warm-up is an option of the other schedules rather than a schedule. */
const SCHEDULES = SCHEDULE_NAMES.filter((name) => name !== 'linearWarmUp');

/** The schedules that have each of these options. */
const SCHEDULES_OF_OPTION: Readonly<Record<string, readonly string[]>> = {
  'decay-factor': ['stepDecay', 'exponentialDecay'],
  'decay-every': ['stepDecay'],
  power: ['polynomialDecay'],
  'schedule-epochs': ['cosine', 'oneCycle'],
  'warm-up': SCHEDULES.filter((name) => name !== 'oneCycle'),
};

/** Options that the convergence theorem does not cover. */
const OUTSIDE_THEOREM = [
  'momentum',
  'weight-decay',
  'clip-norm',
  'class-weights',
  'early-stopping',
  'schedule',
  ...Object.keys(SCHEDULES_OF_OPTION).filter((name) => name !== 'power'),
];

export const OPTIMISER_OPTIONS = {
  optimiser: { value: '<name>', description: OPTIMISERS.join(', '), fallback: 'adam' },
  rate: { value: '<number>', description: 'learning rate', fallback: '1e-2; 1e-3 in regression; 0.1 with --theorem3' },
  momentum: { value: '<number>', description: 'sgd, stochasticGradient: in [0, 1)', fallback: '0' },
  'weight-decay': {
    value: '<number>',
    description: 'adamW, sgd, stochasticGradient: ≥ 0',
    fallback: '1e-2 for adamW, else 0',
  },
  'clip-norm': { value: '<number>', description: 'largest norm of all gradients together', fallback: 'none' },
  theorem3: {
    description: 'stochasticGradient exactly as in its convergence theorem, with the rate rate/(k + 1)^power',
  },
  schedule: { value: '<name>', description: SCHEDULES.join(', '), fallback: 'stepDecay; constantRate in regression' },
  'decay-factor': {
    value: '<number>',
    description: 'stepDecay, exponentialDecay: in (0, 1]',
    fallback: '0.1; 0.95 an epoch',
  },
  'decay-every': { value: '<count>', description: 'stepDecay: epochs between two decays', fallback: '15' },
  power: {
    value: '<number>',
    description: 'polynomialDecay, --theorem3: p of rate/(k + 1)^p at step k',
    fallback: '0.5; 0.75',
  },
  'schedule-epochs': {
    value: '<count>',
    description: 'cosine, oneCycle: length in epochs',
    fallback: 'that of --epochs',
  },
  'warm-up': {
    value: '<epochs>',
    description: 'epochs in which the rate rises from a tenth; not for oneCycle',
    fallback: '0',
  },
};

interface OptimiserSettings {
  readonly optimiser: Optimiser;
  /** Every option that decides it, with its value. */
  readonly chosen: Readonly<Record<string, string | number | undefined>>;
}

/**
 * @param epochs of the whole run
 * @throws InputError that names the option and says what is allowed
 */
export function readOptimiserSettings(
  given: Arguments,
  epochs: number,
  seed: number,
  task: TaskName | undefined,
): OptimiserSettings {
  const name = readChoice(given, 'optimiser', OPTIMISERS) ?? 'adam';
  for (const [option, names] of Object.entries(OPTIMISERS_OF_OPTION)) {
    if (given.options[option] === undefined || names.includes(name)) continue;
    throw new InputError(`--${option}: it does not go with the optimiser ${name}; it is for ${names.join(', ')}`);
  }
  if (given.options.theorem3 !== undefined) return readTheorem3Settings(given, seed);
  // A regression starts as the best line, from which large steps would lead away.
  const rate = readPositive(given, 'rate', task === 'regression' ? 1e-3 : 1e-2);
  const { schedule, chosen } = readScheduleSettings(given, rate, epochs, task);
  const momentum = readNumber(given, 'momentum', 0, 'a number in [0, 1)', (value) => value >= 0 && value < 1);
  const decays = (value: number): boolean => value >= 0 && Number.isFinite(value);
  const decay = readNumber(given, 'weight-decay', name === 'adamW' ? 1e-2 : 0, 'a finite number ≥ 0', decays);
  const norm = readPositive(given, 'clip-norm', undefined);
  const makers: Record<OptimiserName, () => Optimiser> = {
    adam: () => adam({ rate: schedule }),
    adamW: () => adamW({ rate: schedule, weightDecay: decay }),
    sgd: () => sgd({ rate: schedule, momentum, weightDecay: decay }),
    stochasticGradient: () => stochasticGradient({ rate: schedule, momentum, weightDecay: decay }),
  };
  const plain = makers[name]();
  return {
    optimiser: norm === undefined ? plain : clipped(plain, { norm }),
    chosen: {
      optimiser: name,
      rate,
      momentum: OPTIMISERS_OF_OPTION.momentum.includes(name) ? momentum : undefined,
      'weight-decay': OPTIMISERS_OF_OPTION['weight-decay'].includes(name) ? decay : undefined,
      'clip-norm': norm,
      ...chosen,
    },
  };
}

function readTheorem3Settings(given: Arguments, seed: number): OptimiserSettings {
  for (const name of OUTSIDE_THEOREM) {
    if (given.options[name] !== undefined) {
      throw new InputError(`--${name}: the theorem does not cover it; leave it out, or leave out --theorem3`);
    }
  }
  const rate = readPositive(given, 'rate', 0.1);
  const power = readNumber(given, 'power', 0.75, 'a number in (0, 1]', (value) => value > 0 && value <= 1);
  return {
    optimiser: stochasticGradient({ theorem3: true, rate, power, seed }),
    chosen: { optimiser: 'stochasticGradient', theorem3: 'true', rate, power },
  };
}

function readScheduleSettings(
  given: Arguments,
  rate: number,
  epochs: number,
  task: TaskName | undefined,
): { schedule: Schedule; chosen: OptimiserSettings['chosen'] } {
  const name = readChoice(given, 'schedule', SCHEDULES) ?? (task === 'regression' ? 'constantRate' : 'stepDecay');
  const has = (option: string): boolean => SCHEDULES_OF_OPTION[option].includes(name);
  for (const [option, names] of Object.entries(SCHEDULES_OF_OPTION)) {
    if (given.options[option] === undefined || has(option)) continue;
    throw new InputError(`--${option}: it does not go with the schedule ${name}; it is for ${names.join(', ')}`);
  }
  const length = has('schedule-epochs') ? readCount(given, 'schedule-epochs', epochs) : undefined;
  if (length !== undefined && epochs > length) {
    throw new InputError(
      `--epochs: it is ${epochs}, and the schedule ${name} ends after ${length} (--schedule-epochs)`,
    );
  }
  const warmUp = readWarmUp(given, length);
  const share = (value: number): boolean => value > 0 && value <= 1;
  const factor = readNumber(given, 'decay-factor', name === 'stepDecay' ? 0.1 : 0.95, 'a number in (0, 1]', share);
  const every = readCount(given, 'decay-every', 15);
  const power = readPositive(given, 'power', 0.5);
  const options: Record<string, object> = {
    stepDecay: { factor, every },
    exponentialDecay: { factor },
    polynomialDecay: { power },
    cosine: { epochs: length, warmUp },
    oneCycle: { epochs: length },
  };
  const schedule = scheduleNamed(name, { rate, ...options[name] });
  return {
    schedule: name === 'cosine' || warmUp === 0 ? schedule : linearWarmUp(schedule, { epochs: warmUp }),
    chosen: {
      schedule: name,
      'decay-factor': has('decay-factor') ? factor : undefined,
      'decay-every': has('decay-every') ? every : undefined,
      power: has('power') ? power : undefined,
      'schedule-epochs': length,
      'warm-up': warmUp === 0 ? undefined : warmUp,
    },
  };
}

/** @param length the length of a schedule that contains the warm-up. Default: unlimited */
function readWarmUp(given: Arguments, length = Number.POSITIVE_INFINITY): number {
  const must = length === Number.POSITIVE_INFINITY ? 'a finite number ≥ 0' : `a number in [0, ${length})`;
  return readNumber(given, 'warm-up', 0, must, (value) => value >= 0 && value < length);
}
