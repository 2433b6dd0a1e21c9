/** A step of bench/gpu.sh, after layers.ts: the same layers in PyTorch on the GPU, if PyTorch is installed. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { findNewestWith } from '../interpreters.ts';
import { firstLine } from '../log.ts';
import {
  type AdapterPart,
  type LayersPart,
  readPart,
  type TorchLine,
  type TorchMode,
  type TorchPart,
  WORK_FOLDER,
  writePart,
} from './parts.ts';

const SCRIPT = 'bench/python/mondeq_cuda.py';

/**
 * Modes that can surely be captured share one process, and the others have another: a capture that fails can crash its
 * process.
 */
const PROCESSES: readonly (readonly TorchMode[])[] = [['eager', 'eager-linalg', 'graph'], ['graph-linalg']];

const { small = true } = readPart<AdapterPart>('adapter') ?? {};
const layers = readPart<LayersPart>('layers');
const lines: TorchLine[] = [];
await compareWithPyTorch().catch((error: unknown) => writeResults(firstLine(error)));

async function compareWithPyTorch(): Promise<void> {
  const sizes = (layers?.results ?? []).filter(({ timing }) => timing);
  if (sizes.length === 0) return writeResults('there are no layers to compare with');
  const python = await findNewestWith('torch');
  if (!python.cuda) return writeResults(`PyTorch ${python.version} finds no CUDA here`);
  for (const [index, modes] of PROCESSES.entries()) {
    const limits = small ? { repetitions: 3, milliseconds: 100 } : { repetitions: 15, milliseconds: 300 };
    const product = index === 0 && { product: small ? 256 : 4096 };
    const assignment = { folder: WORK_FOLDER, sizes, modes, limits, device: 'cuda', ...product };
    const child = spawn(python.program, [SCRIPT, JSON.stringify(assignment)], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const text of createInterface({ input: child.stdout })) {
      const line = JSON.parse(text) as TorchLine;
      if (line.kind === 'about' && index > 0) continue;
      lines.push(line);
      writeResults();
      console.log(describeLine(line));
    }
  }
}

function writeResults(skipped?: string): void {
  const part: TorchPart = { lines, ...(skipped !== undefined && { skipped }) };
  writePart('pytorch', part);
  if (skipped !== undefined) console.log(`PyTorch on a GPU is not compared: ${skipped}`);
}

function describeLine(line: TorchLine): string {
  if (line.kind === 'about') return line.text;
  if (line.kind === 'product') return `product ${line.size} in PyTorch: ${line.gigaflops.toFixed(0)} GFLOP/s`;
  const what = `PyTorch, ${line.mode}, ${line.case}, ${line.batch} × ${line.width}`;
  return line.all ? `${what}: ${Math.min(...line.all).toFixed(2)} ms at least` : `${what}: failed: ${line.error}`;
}
