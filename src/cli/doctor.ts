/** `equilibra doctor`: reports what works on this computer, and how to make the rest work. */
import { type Diagnosis, diagnose } from './diagnosis.ts';
import { EXIT, formatValue, InputError, type IO } from './io.ts';
import { formatHelp, readArguments } from './options.ts';
import { LIMITS } from './probe.ts';
import { readVersion } from './version.ts';

const TABLE = { json: { description: 'print the findings as one JSON object' } };

export async function doctor(argv: readonly string[], io: IO): Promise<number> {
  const given = readArguments('doctor', TABLE, argv);
  if (given.options.help) {
    const summary = 'Reports what works on this computer, what open() would choose, and how to make the rest work.';
    io.out(formatHelp('equilibra doctor [options]', summary, TABLE));
    return EXIT.done;
  }
  if (given.positionals.length > 0) {
    throw new InputError(`${formatValue(given.positionals[0])}: doctor takes options only: --json`);
  }
  const diagnosis = await diagnose(io.environment);
  const found = { equilibra: readVersion(), ...diagnosis };
  io.out(given.options.json ? `${JSON.stringify(found, null, 2)}\n` : formatDiagnosis(found));
  return EXIT.done;
}

/** Formats the findings for people, one per line. */
export function formatDiagnosis(found: Diagnosis & { readonly equilibra: string }): string {
  const { node, choice, advice, backends, browsers, browserProblem } = found;
  const lines = [
    `equilibra ${found.equilibra}`,
    `${formatMark(node.supported)} Node ${node.version} on ${node.platform}, ${node.architecture}`,
    '',
    'Backends',
    `${formatMark(backends.cpu.available)} cpu     float64, always there`,
    `${formatMark(backends.wasm.available)} wasm    ${backends.wasm.problem ?? 'float32, WebAssembly with SIMD'}`,
    `${formatMark(backends.gpujs.available)} gpujs   ${backends.gpujs.problem ?? 'float32, gpu.js in WebAssembly'}`,
    ...formatWebGPU(backends.webgpu),
    `  open() chooses ${choice.backend}: ${choice.reason}`,
    '',
    'Browsers',
    ...browsers.flatMap(({ path, version: release, source, swiftshaderIcd }) => [
      `${formatMark(true)} ${release}: ${path} (${source})`,
      ...(swiftshaderIcd ? [`    software Vulkan driver: ${swiftshaderIcd}`] : []),
    ]),
    ...(browsers.length > 0 ? [] : [`${formatMark(false)} ${browserProblem ?? 'none was found'}`]),
    ...(advice.length > 0 ? ['', 'What to do', ...advice.map((each) => `  ${each}`)] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function formatWebGPU({ adapter, limits, problem, vulkan, ...webgpu }: Diagnosis['backends']['webgpu']): string[] {
  const kind = adapter?.software ? 'software' : 'hardware';
  const drivers = vulkan?.drivers.length ? vulkan.drivers.join(', ') : 'none';
  return [
    adapter
      ? `${formatMark(true)} webgpu  ${kind} adapter ${adapter.description} (${adapter.vendor}, ${adapter.architecture})`
      : `${formatMark(false)} webgpu  ${problem}`,
    `    package webgpu: ${webgpu.package ?? 'not installed'}`,
    ...(vulkan ? [`    Vulkan loader: ${vulkan.loader ?? 'none'}; drivers: ${drivers}`] : []),
    ...(limits ? LIMITS.map((name) => `    ${name}: ${limits[name]}`) : []),
  ];
}

function formatMark(good: boolean): string {
  return good ? '✓' : '✗';
}
