/** Describes to people where an engine computes. */
import type { AdapterDescription, Engine } from '../../src/index.ts';

/** How often, and how many times, the description is read. */
const MILLISECONDS_BETWEEN_LOOKS = 50;
const MAXIMUM_LOOKS = 40;

/** Returns the description of the adapter once the threads of WebAssembly have started, or after two seconds. */
export async function waitForAdapter(engine: Engine): Promise<AdapterDescription> {
  const mayHaveThreads = engine.backend === 'wasm' && crossOriginIsolated && navigator.hardwareConcurrency > 1;
  const { description } = engine.adapter;
  for (let look = 0; mayHaveThreads && look < MAXIMUM_LOOKS && engine.adapter.description === description; look++) {
    await new Promise((resolve) => setTimeout(resolve, MILLISECONDS_BETWEEN_LOOKS));
  }
  return engine.adapter;
}
