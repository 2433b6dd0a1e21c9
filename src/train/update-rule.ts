/** Optimisers share this: a rule that updates one parameter, and a Program that applies it to all parameters. */
import { createNumberCheck, createResultError } from '../arguments/check.ts';
import type { Engine } from '../tensor/engine.ts';
import { elementwise, elementwiseLaidOut } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { OptimiserState, RememberedNumbers } from './optimiser.ts';
import type { Schedule } from './schedules.ts';

export interface UpdateRule {
  /** Identifies the Program, apart from the shapes of the parameters. */
  readonly key: string;
  /** Names of the tensors that are remembered for each parameter. They have its shape and start at 0. */
  readonly memory: readonly string[];
  /** The numbers that change from step to step. */
  numbers(rate: number, step: number): number[];
  /** Returns the new value of the parameter, followed by the new remembered tensors. */
  next(value: Tensor, gradient: Tensor, memory: readonly Tensor[], numbers: readonly Tensor[]): Tensor[];
}

export function startRule(
  rule: UpdateRule,
  schedule: Schedule,
  engine: Engine,
  parameters: readonly Tensor[],
  remembered?: RememberedNumbers,
): OptimiserState {
  const memory = new Map(rule.memory.map((name) => [name, createMemory(name, engine, parameters, remembered)]));
  const count = rule.numbers(1, 0).length;
  // They are a tensor rather than constants of the Program, which would have to be compiled again at every step.
  const numbers = engine.tensor(new Float32Array(count));
  return {
    memory,
    update(values, gradients, epoch, step) {
      engine.write(numbers, rule.numbers(readRate(schedule, epoch, step), step));
      const held = rule.memory.map((name) => memory.get(name) as Tensor[]);
      const inputs = values.flatMap((value, index) => [
        value,
        gradients[index],
        ...held.map((tensors) => tensors[index]),
      ]);
      const width = 2 + held.length;
      const outputs = engine.run(rule.key, [numbers, ...inputs], ([all, ...traced]) => {
        const current = splitNumbers(all);
        return values.flatMap((_, index) => {
          const [value, gradient, ...own] = traced.slice(index * width, (index + 1) * width);
          return rule.next(value, gradient, own, current);
        });
      });
      return values.map((_, index) => {
        const [next, ...remember] = outputs.slice(index * (width - 1), (index + 1) * (width - 1));
        for (const [place, tensors] of held.entries()) {
          tensors[index].dispose();
          tensors[index] = remember[place];
        }
        return next;
      });
    },
    dispose() {
      for (const tensor of [...memory.values()].flat()) tensor.dispose();
      numbers.dispose();
    },
  };
}

/** @throws RangeError where a schedule of the caller's own returns something else than a finite number from 0 */
function readRate(schedule: Schedule, epoch: number, step: number): number {
  const rate = schedule(epoch, step);
  if (Number.isFinite(rate) && rate >= 0) return rate;
  throw createResultError(`rate: the schedule, at epoch ${epoch} and step ${step},`, rate, 'a finite number ≥ 0');
}

function createMemory(
  name: string,
  engine: Engine,
  parameters: readonly Tensor[],
  remembered: RememberedNumbers | undefined,
): Tensor[] {
  const numbers = remembered?.get(name);
  if (remembered && numbers?.length !== parameters.length) {
    throw new RangeError(
      `optimiser: ${name} is remembered for ${numbers?.length ?? 0} parameters; the model has ${parameters.length}`,
    );
  }
  return parameters.map(({ size, shape }, index) => engine.tensor(numbers?.[index] ?? new Float32Array(size), shape));
}

/** The numbers of a tensor as separate tensors of shape [1]. */
function splitNumbers(numbers: Tensor): Tensor[] {
  return Array.from({ length: numbers.size }, (_, offset) =>
    elementwiseLaidOut('copy', [numbers], [{ offset, strides: [0, 0, 0, 0] }], [1]),
  );
}

/** factor·x. */
export function scale(x: Tensor, factor: number): Tensor {
  return elementwise('scale', [x], [factor, 0]);
}

export const BELOW_ONE = /* @__PURE__ */ createNumberCheck('in [0, 1)', (value) => value >= 0 && value < 1);
