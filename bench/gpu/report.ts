/** Last step of bench/gpu.sh: writes the results of the other steps, as JSON and as a table, into the given folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readVersion } from '../../src/cli/version.ts';
import {
  type AdapterPart,
  type LayersPart,
  type ParityLine,
  type ProductResult,
  readLines,
  readPart,
  type TorchPart,
} from './parts.ts';
import { peakOf } from './peaks.ts';
import { nameOf, reportOf, resultsOf, type StepEnd } from './results.ts';

const { values } = parseArgs({
  options: { output: { type: 'string', default: 'bench/results' }, peak: { type: 'string' } },
});
const adapter = readPart<AdapterPart>('adapter');
if (!adapter) throw new Error('the first step has found no adapter: there is nothing to report');
const processors = cpus();
const results = resultsOf(
  {
    adapter,
    steps: readLines<StepEnd>('steps'),
    parity: readLines<ParityLine>('parity'),
    products: readPart<ProductResult[]>('products') ?? [],
    layers: readPart<LayersPart>('layers'),
    pytorch: readPart<TorchPart>('pytorch'),
  },
  peakOf(
    `${adapter.adapter.description} ${adapter.driver ?? ''}`,
    values.peak === undefined ? undefined : Number(values.peak),
  ),
  {
    date: new Date().toISOString(),
    equilibra: readVersion(),
    node: process.versions.node,
    processor: { name: processors[0]?.model.trim() ?? 'unknown', cores: processors.length },
  },
);
mkdirSync(values.output, { recursive: true });
const file = join(values.output, nameOf(results));
const report = reportOf(results);
writeFileSync(`${file}.json`, `${JSON.stringify(results, undefined, 1)}\n`);
writeFileSync(`${file}.md`, report);
console.log(`\n${report}\nwritten to ${file}.json and ${file}.md`);
