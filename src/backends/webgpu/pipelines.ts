/** Pipelines by kernel and constants, compiled once, asynchronously and in parallel. */
import { SHADERS, type Shader, type ShaderName } from './shaders.ts';

export interface Pipeline {
  readonly layout: GPUBindGroupLayout;
  /** Undefined until compiled. */
  handle: GPUComputePipeline | undefined;
  /** Rejects with an error that shows the place in the source. */
  readonly ready: Promise<void>;
}

export interface Source {
  /** Of the parts of the shader. */
  readonly texts: readonly string[];
  readonly module: GPUShaderModule;
}

interface Compiled {
  readonly source: Promise<Source>;
  readonly bindings: GPUBindGroupLayout;
  readonly layout: GPUPipelineLayout;
}

const COMPUTE_STAGE = 0x4;

export class PipelineCache {
  private readonly shaders = new Map<string, Compiled>();
  private readonly pipelines = new Map<string, Pipeline>();

  constructor(
    private readonly device: GPUDevice,
    private readonly sources: Readonly<Record<string, Shader>> = SHADERS,
  ) {}

  /** @param source of a kernel that is not among those of the cache */
  get(name: ShaderName, constants: Readonly<Record<string, number>>): Pipeline;
  get(name: string, constants: Readonly<Record<string, number>>, source: Shader): Pipeline;
  get(name: string, constants: Readonly<Record<string, number>>, source = this.sources[name]): Pipeline {
    const settings = Object.entries(constants)
      .map(([constant, value]) => `${constant}=${value}`)
      .join(' ');
    const key = `${name} ${settings}`;
    const known = this.pipelines.get(key);
    if (known) return known;
    const { source: loading, bindings, layout } = this.shader(name, source);
    const compilation = loading.then(({ module }) => {
      const compute = { module, entryPoint: 'main', constants };
      return this.device.createComputePipelineAsync({ label: key, layout, compute });
    });
    const pipeline: Pipeline = {
      layout: bindings,
      handle: undefined,
      ready: compilation.then(
        (handle) => {
          pipeline.handle = handle;
        },
        async (cause: unknown) => {
          const { compileError } = await import('./compile-error.ts');
          throw await compileError(key, source, await loading, cause);
        },
      ),
    };
    pipeline.ready.catch(() => {}); // reported by whoever needs the pipeline
    this.pipelines.set(key, pipeline);
    return pipeline;
  }

  private shader(name: string, shader: Shader): Compiled {
    const known = this.shaders.get(name);
    if (known) return known;
    const bindings = this.device.createBindGroupLayout({ label: name, entries: layoutEntries(shader) });
    const layout = this.device.createPipelineLayout({ label: name, bindGroupLayouts: [bindings] });
    const compiled = { source: this.source(name, shader), bindings, layout };
    this.shaders.set(name, compiled);
    return compiled;
  }

  private async source(label: string, shader: Shader): Promise<Source> {
    const texts = await Promise.all(shader.parts.map(({ text }) => text));
    // A faulty source is an error of each pipeline made from it, which is where it is reported: not to the page.
    this.device.pushErrorScope('validation');
    const module = this.device.createShaderModule({ label, code: texts.join('\n') });
    this.device.popErrorScope().catch(() => {});
    return { texts, module };
  }
}

function layoutEntries(shader: Shader): GPUBindGroupLayoutEntry[] {
  const types: GPUBufferBindingType[] = [];
  if (shader.hasSizes) types.push('uniform');
  if (shader.hasGuard) types.push('uniform');
  for (let operand = 0; operand < shader.operands; operand++) types.push('read-only-storage');
  types.push('storage');
  return types.map((type, binding) => ({ binding, visibility: COMPUTE_STAGE, buffer: { type } }));
}
