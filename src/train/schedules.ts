/** Step sizes as functions of the epoch, which counts from 0. */
export type Schedule = (epoch: number) => number;

function checkRate(name: string, rate: number): number {
  if (!(rate > 0 && Number.isFinite(rate)))
    throw new RangeError(`${name}: rate is ${rate}; it must be a finite number > 0`);
  return rate;
}

export function constantRate(rate: number): Schedule {
  checkRate('constantRate', rate);
  return () => rate;
}

export interface StepDecayOptions {
  /** In (0, 1]. Default 0.1. */
  factor?: number;
  /** Epochs between two multiplications by the factor. */
  every: number;
}

/** rate · factor^⌊epoch / every⌋. */
export function stepDecay(rate: number, { factor = 0.1, every }: StepDecayOptions): Schedule {
  checkRate('stepDecay', rate);
  if (!(factor > 0 && factor <= 1)) throw new RangeError(`stepDecay: factor is ${factor}; it must be in (0, 1]`);
  if (!Number.isInteger(every) || every < 1)
    throw new RangeError(`stepDecay: every is ${every}; it must be a positive integer`);
  return (epoch) => rate * factor ** Math.floor(epoch / every);
}
