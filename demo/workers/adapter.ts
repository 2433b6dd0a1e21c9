/** Where an engine computes, as it is told to people. */
import type { AdapterDescription, Engine } from '../../src/index.ts';

/** Milliseconds between two looks, and how many there are. */
const MILLISECONDS_BETWEEN_LOOKS = 50;
const MAXIMUM_LOOKS = 40;

/** What the adapter calls itself once the threads of WebAssembly, which start on their own, have joined in. */
export async function waitForAdapter(engine: Engine): Promise<AdapterDescription> {
  const mayHaveThreads = engine.backend === 'wasm' && crossOriginIsolated && navigator.hardwareConcurrency > 1;
  const { description } = engine.adapter;
  for (let look = 0; mayHaveThreads && look < MAXIMUM_LOOKS && engine.adapter.description === description; look++) {
    await new Promise((resolve) => setTimeout(resolve, MILLISECONDS_BETWEEN_LOOKS));
  }
  return engine.adapter;
}
