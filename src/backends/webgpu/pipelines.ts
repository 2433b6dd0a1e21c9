/** Caches pipelines by kernel and constants. Each is compiled once; compilation is asynchronous and parallel. */
import { type Constants, SHADERS, type Shader, type ShaderPart, type ShaderSource, selectParts } from './shaders.ts';

export interface Pipeline {
  readonly layout: GPUBindGroupLayout;
  /** Undefined until the pipeline is compiled. */
  handle: GPUComputePipeline | undefined;
  /** Resolves when the pipeline is compiled; rejects with an error that names the place in the source. */
  readonly ready: Promise<void>;
}

interface Layouts {
  readonly bindings: GPUBindGroupLayout;
  readonly layout: GPUPipelineLayout;
}

const COMPUTE_STAGE = 0x4;

export class PipelineCache {
  /**
   * By the name of the kernel. Modules have the list of their files as key, and pipelines the name and the constants.
   */
  private readonly layouts = new Map<string, Layouts>();
  private readonly modules = new Map<string, Promise<ShaderSource>>();
  private readonly pipelines = new Map<string, Pipeline>();

  constructor(
    private readonly device: GPUDevice,
    private readonly sources: Readonly<Record<string, Shader>> = SHADERS,
  ) {}

  /** @param source the shader, if it is not one of SHADERS */
  get(name: string, constants: Constants, source: Shader = this.sources[name]): Pipeline {
    const settings = Object.entries(constants)
      .map(([constant, value]) => `${constant}=${value}`)
      .join(' ');
    const key = `${name} ${settings}`;
    const known = this.pipelines.get(key);
    if (known) return known;
    const { bindings, layout } = this.getLayouts(name, source);
    const loading = this.getSource(name, selectParts(source, constants));
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
          // The failure may be temporary, so it is not cached.
          if (this.pipelines.get(key) === pipeline) this.pipelines.delete(key);
          throw await describeFailure(key, loading, cause);
        },
      ),
    };
    pipeline.ready.catch(() => {}); // reported by the run that needs the pipeline
    this.pipelines.set(key, pipeline);
    return pipeline;
  }

  private getLayouts(name: string, shader: Shader): Layouts {
    const known = this.layouts.get(name);
    if (known) return known;
    const bindings = this.device.createBindGroupLayout({ label: name, entries: layoutEntries(shader) });
    const layout = this.device.createPipelineLayout({ label: name, bindGroupLayouts: [bindings] });
    const layouts = { bindings, layout };
    this.layouts.set(name, layouts);
    return layouts;
  }

  private getSource(label: string, parts: readonly ShaderPart[]): Promise<ShaderSource> {
    const key = parts.map(({ file }) => file).join();
    const known = this.modules.get(key);
    if (known) return known;
    const source = this.source(label, parts);
    this.modules.set(key, source);
    source.catch(() => this.modules.delete(key));
    return source;
  }

  private async source(label: string, parts: readonly ShaderPart[]): Promise<ShaderSource> {
    const texts = await Promise.all(parts.map(({ text }) => text));
    // A faulty source also fails each pipeline made from it, where the error is reported. Here it is hidden from the
    // page.
    this.device.pushErrorScope('validation');
    try {
      const module = this.device.createShaderModule({ label, code: texts.join('\n') });
      return { parts, texts, module };
    } finally {
      this.device.popErrorScope().catch(() => {});
    }
  }
}

/** An error with the place in the source, if that can be found; otherwise with the message of the cause. */
async function describeFailure(key: string, loading: Promise<ShaderSource>, cause: unknown): Promise<unknown> {
  try {
    const [{ createCompileError }, source] = await Promise.all([import('./compile-error.ts'), loading]);
    return await createCompileError(key, source, cause);
  } catch {
    const message = cause instanceof Error ? cause.message : String(cause);
    return new Error(`kernel ${key} does not compile: ${message}`, { cause });
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
