/** A step of training that is enqueued on the speculation that its loops take as many passes as before. */
import type { Speculation } from '../backends/backend.ts';
import type { Model } from '../layers/sequential.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { StepStart } from './step-start.ts';

export interface SpeculativeStep {
  /** The parameters, such that what is computed from them is so under the speculation. */
  readonly parameters: readonly Tensor[];
  /** To be called when all is enqueued: what was read of the step, or undefined where it is void. */
  unlessVoid<Outcome>(reading: Promise<Outcome>): Promise<Outcome | undefined>;
  /** Calls `body` while the model has the parameters from which the step started. */
  before(body: () => Promise<void>): Promise<void>;
  /** To be called in the end. */
  leave(): void;
}

/** @param start what the step starts from, which is held until it is known whether it stands */
export function speculativeStep(model: Model, start: StepStart, speculation: Speculation): SpeculativeStep {
  const { engine } = model;
  const check = engine.check(
    speculation.held.then((held) => {
      if (!held) throw new Error('train: this was computed in a step that is repeated; read it again');
    }),
    speculation,
  );
  const kept = (tensors: readonly Tensor[]): Tensor[] => tensors.map((tensor) => engine.kept(tensor));
  const parameters = start.parameters.map((value) => engine.dependent(value, check));
  return {
    parameters,
    async unlessVoid(reading) {
      speculation.end();
      return (await speculation.held) ? reading : undefined;
    },
    async before(body) {
      const ahead = kept(model.parameters.map(({ value }) => value));
      model.replaceParameters(kept(start.parameters));
      try {
        await body();
      } finally {
        model.replaceParameters(ahead);
      }
    },
    leave() {
      speculation.end(); // also where the step has thrown while it was enqueued
      for (const tensor of parameters) tensor.dispose();
    },
  };
}
