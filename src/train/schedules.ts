/** Step sizes over the course of training. Each is known by name and options, so that it can be written down and checked. */
import { COUNT, isFunction, isObject, NOT_NEGATIVE, numberFor, OBJECT, POSITIVE, refusal } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';

export interface Schedule {
  /**
   * The step size of one step.
   * @param epoch epochs done, the one under way counted as a fraction: 2.5 in the middle of the third
   * @param step steps done since the start of training
   */
  (epoch: number, step: number): number;
  /** Absent on a function of the user's own. */
  readonly description?: ScheduleDescription;
}

export interface ScheduleDescription {
  readonly name: string;
  /** What `scheduleNamed` needs to make it again. */
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

const FACTOR = /* @__PURE__ */ numberFor('in (0, 1]', (value) => value > 0 && value <= 1);

/** The schedule of an option that may also be a number, which stays as it is. */
export function scheduleOf(place: string, rate: number | Schedule): Schedule {
  if (typeof rate !== 'number' && !isFunction(rate)) throw refusal(place, rate, 'a number or a schedule');
  return typeof rate === 'function' ? rate : constantRate(rate);
}

export function constantRate(rate: number): Schedule {
  POSITIVE('constantRate: rate', rate);
  return createSchedule('constantRate', { rate }, () => rate);
}

export interface StepDecayOptions {
  /** In (0, 1]. Default 0.1. */
  factor?: number;
  /** Epochs between two multiplications by the factor. */
  every: number;
}

/** rate · factor^⌊epoch / every⌋. */
export function stepDecay(rate: number, options: StepDecayOptions): Schedule {
  const { factor = 0.1, every } = readOptions('stepDecay', options, { factor: FACTOR, every: COUNT }, 'every');
  POSITIVE('stepDecay: rate', rate);
  return createSchedule('stepDecay', { rate, factor, every }, (epoch) => rate * factor ** Math.floor(epoch / every));
}

export interface ExponentialDecayOptions {
  /** Of an epoch, in (0, 1]. Default 0.95. */
  factor?: number;
}

/** rate · factor^epoch, falling at every step. */
export function exponentialDecay(rate: number, options?: ExponentialDecayOptions): Schedule {
  const { factor = 0.95 } = readOptions('exponentialDecay', options, { factor: FACTOR });
  POSITIVE('exponentialDecay: rate', rate);
  return createSchedule('exponentialDecay', { rate, factor }, (epoch) => rate * factor ** epoch);
}

export interface PolynomialDecayOptions {
  /** p > 0; up to 1 the step sizes sum to infinity. Default 0.5. */
  power?: number;
}

/** rate / (k + 1)^p at step k. */
export function polynomialDecay(rate: number, options?: PolynomialDecayOptions): Schedule {
  const { power = 0.5 } = readOptions('polynomialDecay', options, { power: POSITIVE });
  POSITIVE('polynomialDecay: rate', rate);
  return createSchedule('polynomialDecay', { rate, power }, (_, step) => rate / (step + 1) ** power);
}

/** What a warm-up starts from, as a share of the rate. */
const WARM_UP_FROM = 0.1;

function riseAt(epoch: number, epochs: number, from: number): number {
  return epoch < epochs ? from + ((1 - from) * epoch) / epochs : 1;
}

/** From 1 at 0 to 0 at 1 along half a wave. */
function fallAt(share: number): number {
  return (1 + Math.cos(Math.PI * Math.min(share, 1))) / 2;
}

export interface CosineOptions {
  /** Length of the whole schedule, warm-up included; the rate stays at `final` after it. */
  epochs: number;
  /** Epochs of a linear rise from rate/10. Default 0. */
  warmUp?: number;
  /** Rate at the end, from 0 to `rate`. Default 0. */
  final?: number;
}

/** final + (rate − final)·(1 + cos πt)/2, t from 0 to 1 over the epochs after the warm-up (Loshchilov & Hutter 2017, eq. 5). */
export function cosine(rate: number, options: CosineOptions): Schedule {
  const {
    epochs,
    warmUp = 0,
    final = 0,
  } = readOptions('cosine', options, { epochs: POSITIVE, warmUp: 0, final: 0 }, 'epochs');
  POSITIVE('cosine: rate', rate);
  numberFor(`in [0, epochs = ${epochs})`, (value) => value >= 0 && value < epochs)('cosine: warmUp', warmUp);
  numberFor(`in [0, rate = ${rate}]`, (value) => value >= 0 && value <= rate)('cosine: final', final);
  return createSchedule('cosine', { rate, epochs, warmUp, final }, (epoch) =>
    epoch < warmUp
      ? rate * riseAt(epoch, warmUp, WARM_UP_FROM)
      : final + (rate - final) * fallAt((epoch - warmUp) / (epochs - warmUp)),
  );
}

export interface LinearWarmUpOptions {
  epochs: number;
  /** Share of the rate at the start, in (0, 1]. Default 0.1. */
  from?: number;
}

/** A schedule (or a constant rate) times a factor that rises linearly from `from` to 1 (Goyal et al. 2017, section 2.2). */
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

export interface OneCycleOptions {
  /** Length of the cycle; the rate stays at its last value after it. */
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
  rise: /* @__PURE__ */ numberFor('in (0, 1)', (value) => value > 0 && value < 1),
  first: FACTOR,
  last: FACTOR,
};

/** Up to `rate` and down below the start, both along half a cosine wave (Smith & Topin 2019; the form and defaults of PyTorch). */
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

/** What is written down checks itself when it is made again, so it may come from a file. */
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

/** The names that `scheduleNamed` knows. */
export const SCHEDULE_NAMES: readonly string[] = Object.keys(SCHEDULES);

/**
 * A schedule by its name, such as `scheduleNamed('cosine', { rate: 1e-2, epochs: 40 })`, or as its `description` gives it.
 * @param options `rate` and what else the function of this name takes
 * @throws RangeError for an unknown name, or an option out of its range
 */
export function scheduleNamed(name: string, options: Readonly<Record<string, unknown>>): Schedule {
  if (typeof name !== 'string' || !Object.hasOwn(SCHEDULES, name)) {
    throw refusal('schedule: its name', name, `one of ${SCHEDULE_NAMES.join(', ')}`);
  }
  OBJECT('scheduleNamed: options', options);
  const { rate, ...rest } = options;
  if (name !== 'constantRate') return SCHEDULES[name](recreateSchedule(rate) as never, rest as never);
  readOptions('constantRate', rest, {});
  return constantRate(rate as number);
}

/** A description in the place of a rate becomes the schedule that it describes. */
function recreateSchedule(rate: unknown): unknown {
  if (!isObject(rate) || typeof (rate as ScheduleDescription).name !== 'string') return rate;
  const { name, options } = rate as ScheduleDescription;
  return scheduleNamed(name, options);
}
