/**
 * Holds the state from which a step of training starts, so that a step that fails or is void can be undone without a
 * trace.
 */
import type { Tensor } from '../tensor/tensor.ts';
import type { Run } from './run.ts';

export interface StepStart {
  readonly parameters: readonly Tensor[];
  /** Must be called once the whole step is enqueued. */
  enqueued(): void;
  /**
   * Restores model and optimiser. Later steps must be restored first. After the end of training, a model whose
   * parameters were replaced since then is left alone.
   */
  restore(): void;
  /** Releases the held tensors. Idempotent. */
  release(): void;
}

/** The held tensors are aliases: the state is only ever replaced by new tensors, never written to in place. */
export function holdStepStart(run: Run): StepStart {
  const { model, optimiser } = run;
  const { engine } = model;
  const alias = (tensors: Iterable<Tensor>): Tensor[] => Array.from(tensors, (tensor) => engine.keepAlias(tensor));
  const current = (): Tensor[] => model.parameters.map(({ value }) => value);
  const parameters = alias(current());
  const lists = [...optimiser.memory.values()].map((list) => ({ list, before: alias(list) }));
  const memories = model.memories.map(({ tensors, numbers }) => {
    return { tensors, names: [...tensors.keys()], before: alias(tensors.values()), numbers, known: new Map(numbers) };
  });
  /** The layers' numbers once the step is enqueued. Callbacks of earlier steps may change them afterwards. */
  let after: ReadonlyMap<string, number>[] = [];
  /** Identifies the parameters that the step produced. */
  let producedPlaces: readonly unknown[] | undefined;
  const placesOf = (tensors: readonly Tensor[]): unknown[] => tensors.map(({ place }) => place);

  function restoreMemories(): void {
    for (const [layer, { tensors, names, before, numbers, known }] of memories.entries()) {
      disposeAll(tensors.values());
      tensors.clear();
      for (const [index, tensor] of alias(before).entries()) tensors.set(names[index], tensor);
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
      producedPlaces = placesOf(current());
    },
    restore() {
      if (run.isOver) {
        if (!model.isInitialised) return;
        const now = placesOf(current());
        if (producedPlaces?.some((place, index) => place !== now[index])) return;
      } else {
        for (const { list, before } of lists) disposeAll(list.splice(0, list.length, ...alias(before)));
      }
      model.replaceParameters(alias(parameters));
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
