/** What a step of training starts from, held until it is known whether the step stands: one that does not leaves no trace. */
import type { Tensor } from '../tensor/tensor.ts';
import type { Run } from './run.ts';

export interface StepStart {
  readonly parameters: readonly Tensor[];
  /** To be called when all of the step is enqueued. */
  enqueued(): void;
  /**
   * Takes model and optimiser back, after the steps that follow this one. Where training is over, and the model holds something
   * else than what the step has made, that is left alone.
   */
  restore(): void;
  /** Lets go of what is held. Idempotent. */
  release(): void;
}

/** Other names for the same storage: what is remembered is replaced, never written to. */
export function stepStart(run: Run): StepStart {
  const { model, optimiser } = run;
  const { engine } = model;
  const kept = (tensors: Iterable<Tensor>): Tensor[] => Array.from(tensors, (tensor) => engine.kept(tensor));
  const current = (): Tensor[] => model.parameters.map(({ value }) => value);
  const parameters = kept(current());
  const lists = [...optimiser.memory.values()].map((list) => ({ list, before: kept(list) }));
  const memories = model.memories.map(({ tensors, numbers }) => {
    return { tensors, names: [...tensors.keys()], before: kept(tensors.values()), numbers, known: new Map(numbers) };
  });
  /** What the numbers are when all is enqueued: later on they change by what was read of earlier steps. */
  let after: ReadonlyMap<string, number>[] = [];
  let made: readonly unknown[] | undefined;
  const placesOf = (tensors: readonly Tensor[]): unknown[] => tensors.map(({ place }) => place);

  function restoreMemories(): void {
    for (const [layer, { tensors, names, before, numbers, known }] of memories.entries()) {
      disposeAll(tensors.values());
      tensors.clear();
      for (const [index, tensor] of kept(before).entries()) tensors.set(names[index], tensor);
      for (const [name, value] of after[layer] ?? new Map(numbers)) {
        const old = known.get(name);
        if (old === undefined) numbers.delete(name);
        else if (old !== value) numbers.set(name, old);
      }
    }
  }

  return {
    parameters,
    enqueued() {
      after = memories.map(({ numbers }) => new Map(numbers));
      made = placesOf(current());
    },
    restore() {
      if (run.isOver) {
        if (!model.isInitialised) return;
        const now = placesOf(current());
        if (made?.some((place, index) => place !== now[index])) return;
      } else {
        for (const { list, before } of lists) disposeAll(list.splice(0, list.length, ...kept(before)));
      }
      model.replaceParameters(kept(parameters));
      restoreMemories();
    },
    release() {
      disposeAll([...parameters, ...[...lists, ...memories].flatMap(({ before }) => before)]);
    },
  };
}

function disposeAll(tensors: Iterable<Tensor>): void {
  for (const tensor of tensors) tensor.dispose();
}
