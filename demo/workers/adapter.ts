/** Where an engine computes, as it is told to people. */
import type { AdapterDescription, Engine } from '../../src/index.ts';

/** Milliseconds between two looks, and how many there are. */
const BETWEEN = 50;
const LOOKS = 40;

/** What the adapter calls itself once the threads of WebAssembly, which start on their own, have joined in. */
export async function settledAdapter(engine: Engine): Promise<AdapterDescription> {
  const mayHaveThreads = engine.backend === 'wasm' && crossOriginIsolated && navigator.hardwareConcurrency > 1;
  const { description } = engine.adapter;
  for (let look = 0; mayHaveThreads && look < LOOKS && engine.adapter.description === description; look++) {
    await new Promise((resolve) => setTimeout(resolve, BETWEEN));
  }
  return engine.adapter;
}
