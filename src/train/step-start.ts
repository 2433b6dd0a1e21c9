/** What a step of training starts from, held until it is known whether the step stands. */
import type { Tensor } from '../tensor/tensor.ts';
import type { Run } from './run.ts';

export interface StepStart {
  readonly parameters: readonly Tensor[];
  /** Takes the run back to it. */
  restore(): void;
  dispose(): void;
}

export function startOfStep({ model, optimiser }: Pick<Run, 'model' | 'optimiser'>): StepStart {
  const kept = (tensors: Iterable<Tensor>): Tensor[] => Array.from(tensors, (tensor) => model.engine.kept(tensor));
  const parameters = kept(model.parameters.map(({ value }) => value));
  const lists = [...optimiser.memory.values()].map((list) => ({ list, before: kept(list) }));
  const maps = model.memories.map(({ tensors }) => ({
    tensors,
    names: [...tensors.keys()],
    before: kept(tensors.values()),
  }));
  return {
    parameters,
    restore() {
      model.replaceParameters(parameters);
      for (const { list, before } of lists) disposeAll(list.splice(0, list.length, ...before));
      for (const { tensors, names, before } of maps) {
        disposeAll(tensors.values());
        tensors.clear();
        for (const [index, name] of names.entries()) tensors.set(name, before[index]);
      }
    },
    dispose() {
      disposeAll([...parameters, ...[...lists, ...maps].flatMap(({ before }) => before)]);
    },
  };
}

function disposeAll(tensors: Iterable<Tensor>): void {
  for (const tensor of tensors) tensor.dispose();
}
