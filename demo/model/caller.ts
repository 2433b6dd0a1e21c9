/** Calls the worker that holds the model: that for rows of numbers until there is a model that it does not know. */
import { type Caller, createCaller } from '../workers/calls.ts';
import type { ModelCalls } from './protocol.ts';

export function createModelCaller(): Caller<ModelCalls> {
  let ask = startWorker('./model-worker.js');
  let knowsImages = false;
  let source: ModelCalls['open']['input'] | undefined;

  /** Starts the worker for images, with the data that are shown. */
  async function turnToImages(): Promise<void> {
    const next = startWorker('./image-model-worker.js');
    if (source) await next('open', source);
    [ask, knowsImages] = [next, true];
  }

  return async (name, input, options) => {
    if (name === 'open') source = input as typeof source;
    try {
      return await ask(name, input, options);
    } catch (error) {
      // The maker of a layer is missing, or the checkpoint is wrong; the other worker says which.
      if (name !== 'model' || knowsImages || (error as Error).name !== 'RangeError') throw error;
      await turnToImages();
      return ask(name, input, options);
    }
  };
}

function startWorker(path: string): Caller<ModelCalls> {
  return createCaller(new Worker(new URL(path, import.meta.url), { type: 'module', name: 'model' }));
}
