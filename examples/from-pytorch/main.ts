/** Loads a network of PyTorch, compares its outputs, and writes its parameters for PyTorch: `npm run example -- from-pytorch`. */
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeSafetensors } from '../../src/data/index.ts';
import { open, stateDictOf } from '../../src/index.ts';
import { compareOutputs, loadNetwork } from './network.ts';

/** The runner bundles this file into dist/. */
const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const OUTPUT = 'network-again.safetensors';

for (const [backend, tolerance] of [
  ['cpu', 1e-12],
  ['wasm', 1e-5],
] as const) {
  const engine = await open({ backend });
  try {
    const model = await loadNetwork(engine, folder);
    const { outputs, error } = await compareOutputs(engine, model, folder);
    const shown = Array.from(outputs)
      .slice(0, 3)
      .map((output) => output.toFixed(6));
    console.log(
      `${backend}: the first row gives ${shown.join(', ')}; NumPy in float64 is at most ${error.toExponential(1)} away`,
    );
    if (!(error <= tolerance)) throw new Error(`${backend}: that is more than ${tolerance}`);
    if (backend === 'wasm') {
      await writeFile(OUTPUT, writeSafetensors(await stateDictOf(model), { metadata: { format: 'pt' } }));
      console.log(`wrote ${OUTPUT}`);
    }
    model.dispose();
  } finally {
    engine.close();
  }
}
