/**
 * A step of training that is enqueued before it is known how many passes its loops need. It assumes as many as in the
 * last step, so that no loop has to be awaited. One read-back at the end shows whether that was right; if not, the step
 * is void.
 */
import type { Speculation } from '../backends/backend.ts';
import type { Model } from '../layers/sequential.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { StepStart } from './step-start.ts';

export interface SpeculativeStep {
  /** Aliases of the model's parameters. Everything that is computed from them is part of the speculation. */
  readonly parameters: readonly Tensor[];
  /**
   * Must be called once the whole step is enqueued. Resolves to the outcome, or to undefined where the step is void.
   */
  resolveUnlessVoid<Outcome>(reading: Promise<Outcome>): Promise<Outcome | undefined>;
  /** Calls `body` while the model has the parameters from which the step started. */
  runWithStartParameters(body: () => Promise<void>): Promise<void>;
  /** Must be called in the end, also where the step failed. */
  release(): void;
}

/** @param start holds the state from which the step starts until the step stands or has been undone */
export function createSpeculativeStep(model: Model, start: StepStart, speculation: Speculation): SpeculativeStep {
  const { engine } = model;
  const check = engine.createCheck(
    speculation.held.then((held) => {
      if (!held) throw new Error('train: this was computed in a step that is repeated; read it again');
    }),
    speculation,
  );
  const alias = (tensors: readonly Tensor[]): Tensor[] => tensors.map((tensor) => engine.keepAlias(tensor));
  const parameters = start.parameters.map((value) => engine.attachCheck(value, check));
  return {
    parameters,
    async resolveUnlessVoid(reading) {
      speculation.end();
      return (await speculation.held) ? reading : undefined;
    },
    async runWithStartParameters(body) {
      const produced = alias(model.parameters.map(({ value }) => value));
      model.replaceParameters(alias(start.parameters));
      try {
        await body();
      } finally {
        model.replaceParameters(produced);
      }
    },
    release() {
      speculation.end(); // it has not ended yet where enqueueing the step failed
      for (const tensor of parameters) tensor.dispose();
    },
  };
}
