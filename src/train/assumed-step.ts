/** A step of training that is enqueued on the assumption that its loops take as many passes as before. */
import type { Assumption } from '../backends/backend.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Run } from './run.ts';

export interface AssumedStep {
  /** The parameters, such that what is computed from them is so under the assumption. */
  readonly parameters: readonly Tensor[];
  /** To be called when all is enqueued: what was read of the step, or undefined where it is void. */
  unlessVoid<Outcome>(reading: Promise<Outcome>): Promise<Outcome | undefined>;
  /** Calls `body` while the model has the parameters from which the step started. */
  before(body: () => Promise<void>): Promise<void>;
  /** To be called in the end: takes the run back to the start of the step if that, or one before it, is void; lets go of it. */
  leave(): Promise<void>;
}

/** What the step starts from is held until it is known whether it stands. */
export function assumedStep({ model, optimiser }: Run, assumption: Assumption): AssumedStep {
  const { engine } = model;
  const check = engine.check(
    assumption.held.then((held) => {
      if (!held) throw new Error('train: this was computed in a step that is repeated; read it again');
    }),
    assumption,
  );
  const kept = (tensors: Iterable<Tensor>): Tensor[] => Array.from(tensors, (tensor) => engine.kept(tensor));
  const current = (): Tensor[] => model.parameters.map(({ value }) => value);
  const start = kept(current());
  const lists = [...optimiser.memory.values()].map((list) => ({ list, before: kept(list) }));
  const memories = model.memories.map(({ tensors, numbers }) => {
    return { tensors, names: [...tensors.keys()], before: kept(tensors.values()), numbers, known: new Map(numbers) };
  });
  /** What the numbers are when all is enqueued: later on they change by what was read of earlier steps. */
  let after: ReadonlyMap<string, number>[] = [];
  const parameters = start.map((value) => engine.dependent(value, check));

  function restore(): void {
    model.replaceParameters(kept(start));
    for (const { list, before } of lists) disposeAll(list.splice(0, list.length, ...kept(before)));
    for (const [layer, { tensors, names, before, numbers, known }] of memories.entries()) {
      disposeAll(tensors.values());
      tensors.clear();
      for (const [index, tensor] of kept(before).entries()) tensors.set(names[index], tensor);
      for (const [name, value] of after[layer] ?? numbers) {
        const old = known.get(name);
        if (old === undefined) numbers.delete(name);
        else if (old !== value) numbers.set(name, old);
      }
    }
  }

  return {
    parameters,
    async unlessVoid(reading) {
      after = memories.map(({ numbers }) => new Map(numbers));
      assumption.end();
      return (await assumption.held) ? reading : undefined;
    },
    async before(body) {
      const ahead = kept(current());
      model.replaceParameters(kept(start));
      try {
        await body();
      } finally {
        model.replaceParameters(ahead);
      }
    },
    async leave() {
      assumption.end(); // also where the step has thrown while it was enqueued
      // They depend also on the step before, where that was under way.
      await Promise.all(parameters.map((value) => value.verified())).catch(restore);
      disposeAll([...parameters, ...start, ...[...lists, ...memories].flatMap(({ before }) => before)]);
    },
  };
}

function disposeAll(tensors: Iterable<Tensor>): void {
  for (const tensor of tensors) tensor.dispose();
}
