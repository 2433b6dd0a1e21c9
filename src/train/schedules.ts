/** Schedules of the learning rate. Each has a name and options, so that it can be stored and recreated. */
import {
  COUNT,
  createArgumentError,
  createNumberCheck,
  isFunction,
  isObject,
  NOT_NEGATIVE,
  OBJECT,
  POSITIVE,
} from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';

/** The learning rate over the course of training. */
export interface Schedule {
  /**
   * Returns the learning rate of one training step, a finite number from 0.
   * @param epoch finished epochs, with the current one as a fraction: 2.5 in the middle of the third epoch
   * @param step finished steps since the start of training
   */
  (epoch: number, step: number): number;
  /** Name and options of a schedule of this library; absent on a function of your own. */
  readonly description?: ScheduleDescription;
}

/** A schedule as plain JSON, from which `scheduleNamed` recreates it. */
export interface ScheduleDescription {
  /** The name of the function that makes the schedule, such as 'cosine'. */
  readonly name: string;
  /** The rate and the options of that function. */
  readonly options: Readonly<Record<string, unknown>>;
}

function createSchedule(
  name: string,
  options: Record<string, unknown>,
  rateAt: (epoch: number, step: number) => number,
) {
  const checked = (epoch: number, step: number): number => {
    NOT_NEGATIVE(`${name}: epoch`, epoch);
    NOT_NEGATIVE(`${name}: step`, step);
    return rateAt(epoch, step);
  };
  return Object.assign(checked, { description: { name, options } }) satisfies Schedule;
}

const FACTOR = /* @__PURE__ */ createNumberCheck('in (0, 1]', (value) => value > 0 && value <= 1);

/** The schedule of an option that is a schedule or a constant rate. */
export function scheduleOf(place: string, rate: number | Schedule): Schedule {
  if (typeof rate !== 'number' && !isFunction(rate)) throw createArgumentError(place, rate, 'a number or a schedule');
  return typeof rate === 'function' ? rate : constantRate(rate);
}

/**
 * The same learning rate at every step.
 * @param rate a finite number > 0
 */
export function constantRate(rate: number): Schedule {
  POSITIVE('constantRate: rate', rate);
  return createSchedule('constantRate', { rate }, () => rate);
}

/** Options of `stepDecay`. */
export interface StepDecayOptions {
  /** The factor, in (0, 1]. Default 0.1. */
  factor?: number;
  /** Epochs between two multiplications by the factor, an integer from 1. */
  every: number;
}

/** The learning rate is rate · factor^⌊epoch / every⌋. */
export function stepDecay(rate: number, options: StepDecayOptions): Schedule {
  const { factor = 0.1, every } = readOptions('stepDecay', options, { factor: FACTOR, every: COUNT }, 'every');
  POSITIVE('stepDecay: rate', rate);
  return createSchedule('stepDecay', { rate, factor, every }, (epoch) => rate * factor ** Math.floor(epoch / every));
}

/** Options of `exponentialDecay`. */
export interface ExponentialDecayOptions {
  /** The factor per epoch, in (0, 1]. Default 0.95. */
  factor?: number;
}

/** The learning rate is rate · factor^epoch, which falls at every step. */
export function exponentialDecay(rate: number, options?: ExponentialDecayOptions): Schedule {
  const { factor = 0.95 } = readOptions('exponentialDecay', options, { factor: FACTOR });
  POSITIVE('exponentialDecay: rate', rate);
  return createSchedule('exponentialDecay', { rate, factor }, (epoch) => rate * factor ** epoch);
}

/** Options of `polynomialDecay`. */
export interface PolynomialDecayOptions {
  /** p > 0. The sum of all learning rates is infinite for p ≤ 1. Default 0.5. */
  power?: number;
}

/** The learning rate is rate / (k + 1)^p at step k. */
export function polynomialDecay(rate: number, options?: PolynomialDecayOptions): Schedule {
  const { power = 0.5 } = readOptions('polynomialDecay', options, { power: POSITIVE });
  POSITIVE('polynomialDecay: rate', rate);
  return createSchedule('polynomialDecay', { rate, power }, (_, step) => rate / (step + 1) ** power);
}

/** The first rate of a warm-up, as a share of the full rate. */
const WARM_UP_FROM = 0.1;

function riseAt(epoch: number, epochs: number, from: number): number {
  return epoch < epochs ? from + ((1 - from) * epoch) / epochs : 1;
}

/** Half a cosine wave: from 1 at share 0 to 0 at share 1. */
function fallAt(share: number): number {
  return (1 + Math.cos(Math.PI * Math.min(share, 1))) / 2;
}

/** Options of `cosine`. */
export interface CosineOptions {
  /** Length of the whole schedule including the warm-up, > 0. Afterwards the rate stays at `final`. */
  epochs: number;
  /** Epochs of a linear rise from rate/10, in [0, epochs). Default 0. */
  warmUp?: number;
  /** Rate at the end, in [0, rate]. Default 0. */
  final?: number;
}

/**
 * The learning rate is final + (rate − final)·(1 + cos πt)/2, where t rises from 0 to 1 over the epochs after the
 * warm-up (Loshchilov & Hutter 2017, eq. 5).
 */
export function cosine(rate: number, options: CosineOptions): Schedule {
  const {
    epochs,
    warmUp = 0,
    final = 0,
  } = readOptions('cosine', options, { epochs: POSITIVE, warmUp: 0, final: 0 }, 'epochs');
  POSITIVE('cosine: rate', rate);
  createNumberCheck(`in [0, epochs = ${epochs})`, (value) => value >= 0 && value < epochs)('cosine: warmUp', warmUp);
  createNumberCheck(`in [0, rate = ${rate}]`, (value) => value >= 0 && value <= rate)('cosine: final', final);
  return createSchedule('cosine', { rate, epochs, warmUp, final }, (epoch) =>
    epoch < warmUp
      ? rate * riseAt(epoch, warmUp, WARM_UP_FROM)
      : final + (rate - final) * fallAt((epoch - warmUp) / (epochs - warmUp)),
  );
}

/** Options of `linearWarmUp`. */
export interface LinearWarmUpOptions {
  /** Length of the rise in epochs, > 0. */
  epochs: number;
  /** The factor at the start, in (0, 1]. Default 0.1. */
  from?: number;
}

/**
 * A schedule or constant rate, times a factor that rises linearly from `from` to 1 (Goyal et al. 2017, section 2.2).
 */
export function linearWarmUp(rate: number | Schedule, options: LinearWarmUpOptions): Schedule {
  const { epochs, from = WARM_UP_FROM } = readOptions(
    'linearWarmUp',
    options,
    { epochs: POSITIVE, from: FACTOR },
    'epochs',
  );
  const schedule = scheduleOf('linearWarmUp: rate', rate);
  const rateAt = (epoch: number, step: number): number => schedule(epoch, step) * riseAt(epoch, epochs, from);
  return schedule.description
    ? createSchedule('linearWarmUp', { rate: schedule.description, epochs, from }, rateAt)
    : rateAt;
}

/** Options of `oneCycle`. */
export interface OneCycleOptions {
  /** Length of the cycle in epochs, > 0. Afterwards the rate stays at its last value. */
  epochs: number;
  /** Share of the cycle in which the rate rises, in (0, 1). Default 0.3. */
  rise?: number;
  /** First rate as a share of the largest, in (0, 1]. Default 1/25. */
  first?: number;
  /** Last rate as a share of the first, in (0, 1]. Default 1e-4. */
  last?: number;
}

const ONE_CYCLE_OPTIONS: Checks<OneCycleOptions> = {
  epochs: POSITIVE,
  rise: /* @__PURE__ */ createNumberCheck('in (0, 1)', (value) => value > 0 && value < 1),
  first: FACTOR,
  last: FACTOR,
};

/**
 * The learning rate rises to `rate` and then falls below its first value, each along half a cosine wave (Smith & Topin
 * 2019, with the shape and defaults of PyTorch's OneCycleLR).
 */
export function oneCycle(rate: number, options: OneCycleOptions): Schedule {
  const {
    epochs,
    rise = 0.3,
    first = 1 / 25,
    last = 1e-4,
  } = readOptions('oneCycle', options, ONE_CYCLE_OPTIONS, 'epochs');
  POSITIVE('oneCycle: rate', rate);
  const [start, end] = [rate * first, rate * first * last];
  const top = rise * epochs;
  return createSchedule('oneCycle', { rate, epochs, rise, first, last }, (epoch) =>
    epoch < top
      ? rate + (start - rate) * fallAt(epoch / top)
      : end + (rate - end) * fallAt((epoch - top) / (epochs - top)),
  );
}

/** Makers check their arguments themselves, so that a description from a file needs no checks of its own. */
type Maker = (rate: never, options: never) => Schedule;

const SCHEDULES: Readonly<Record<string, Maker>> = {
  constantRate,
  stepDecay,
  exponentialDecay,
  polynomialDecay,
  cosine,
  linearWarmUp,
  oneCycle,
};

/** The schedule names that `scheduleNamed` accepts. */
export const SCHEDULE_NAMES: readonly string[] = Object.keys(SCHEDULES);

/**
 * Makes a schedule from its name, such as `scheduleNamed('cosine', { rate: 1e-2, epochs: 40 })`, or from the name and
 * options in the `description` of another schedule.
 * @param options `rate` and the options of the function with this name
 * @throws RangeError where the name is unknown or an option is out of its range
 */
export function scheduleNamed(name: string, options: Readonly<Record<string, unknown>>): Schedule {
  if (typeof name !== 'string' || !Object.hasOwn(SCHEDULES, name)) {
    throw createArgumentError('schedule: its name', name, `one of ${SCHEDULE_NAMES.join(', ')}`);
  }
  OBJECT('scheduleNamed: options', options);
  const { rate, ...rest } = options;
  if (name !== 'constantRate') return SCHEDULES[name](recreateSchedule(rate) as never, rest as never);
  readOptions('constantRate', rest, {});
  return constantRate(rate as number);
}

/** The rate of a warm-up may itself be the description of a schedule. */
function recreateSchedule(rate: unknown): unknown {
  if (!isObject(rate) || typeof (rate as ScheduleDescription).name !== 'string') return rate;
  const { name, options } = rate as ScheduleDescription;
  return scheduleNamed(name, options);
}
