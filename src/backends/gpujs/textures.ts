/** gpu.js's WebGL2 mode: data are textures that stay on the GPU from kernel to kernel. */
import type { AdapterDescription } from '../backend.ts';
import type { DeviceTexture, GPUInstance, HostInput, Library, RunnableKernel } from './library.ts';
import {
  checkCount,
  type Data,
  type Extents,
  type Figures,
  KernelCache,
  Ledger,
  type Machine,
  settingsOf,
} from './machine.ts';
import { contextLost, TextureReader } from './texture-reader.ts';
import type { KernelVariant } from './variants.ts';

class TextureData implements Data {
  references = 1;
  constructor(
    readonly size: number,
    readonly texture: DeviceTexture,
  ) {}
}

/** Its operand is an array of the host, that of all others textures. */
const UPLOAD: KernelVariant = { kernel: 'upload' };

interface MadeKernel {
  readonly run: RunnableKernel;
  /** The kernel keeps its texture until it runs again. */
  last: Data | undefined;
}

/** @throws Error where there is no WebGL2, or none that computes in float32 */
export function openContext(): WebGL2RenderingContext {
  const canvas = makeCanvas();
  const gl = canvas?.getContext('webgl2', {
    alpha: false,
    depth: false,
    antialias: false,
    powerPreference: 'high-performance',
  }) as WebGL2RenderingContext | null | undefined;
  if (!gl) throw new Error('gpujs: there is no WebGL2 here; choose mode "webassembly"');
  if (!gl.getExtension('EXT_color_buffer_float')) {
    throw new Error('gpujs: WebGL2 does not compute in float32 here; choose mode "webassembly"');
  }
  return gl;
}

function makeCanvas(): HTMLCanvasElement | OffscreenCanvas | undefined {
  if (typeof OffscreenCanvas !== 'undefined') return new OffscreenCanvas(2, 2);
  return typeof document === 'undefined' ? undefined : document.createElement('canvas');
}

export function describeContext(gl: WebGL2RenderingContext): AdapterDescription {
  const names = gl.getExtension('WEBGL_debug_renderer_info');
  const vendor = String(gl.getParameter(names ? names.UNMASKED_VENDOR_WEBGL : gl.VENDOR));
  const renderer = String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  return {
    vendor,
    architecture: 'webgl2',
    description: renderer,
    software: /swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer),
  };
}

export class TextureMachine implements Machine {
  readonly adapter: AdapterDescription;
  readonly isImmediate = false;
  readonly live = new Ledger();
  readonly nothing: Data;
  private readonly instance: GPUInstance;
  private readonly kernels = new KernelCache((variant) => this.make(variant));
  private readonly gl: WebGL2RenderingContext;
  private readonly reader: TextureReader;
  /** Of a texture's sides. */
  private readonly limit: number;

  constructor(private readonly library: Library) {
    const gl = openContext();
    this.gl = gl;
    this.adapter = describeContext(gl);
    this.limit = gl.getParameter(gl.MAX_TEXTURE_SIZE);
    // It would make the canvas as large as the largest texture, for nothing.
    this.instance = new library({ canvas: { width: 1, height: 1 }, context: gl });
    this.reader = new TextureReader(gl);
    this.nothing = this.upload([0]);
    this.live.remove(1);
  }

  pooled(): Figures {
    const figures = new Ledger();
    for (const { last } of this.kernels.all()) if (last?.references === 0) figures.add(last.size);
    return figures;
  }

  upload(values: ArrayLike<number>): Data {
    if (values.length === 0) return this.retain(this.nothing);
    return this.run(UPLOAD, [this.library.input(new Float32Array(values), [values.length])], [], [values.length, 1]);
  }

  launch(variant: KernelVariant, operands: readonly Data[], parameters: readonly number[], extents: Extents): Data {
    const textures = operands.map((data) => (data as TextureData).texture);
    return this.run(variant, textures, parameters, extents);
  }

  private run(
    variant: KernelVariant,
    operands: readonly (DeviceTexture | HostInput)[],
    parameters: readonly number[],
    [columns, rows]: Extents,
  ): Data {
    if (this.gl.isContextLost()) throw contextLost();
    checkCount(columns * rows);
    const extents = this.outputOf(columns, rows);
    const kernel = this.kernels.get(variant);
    // Each time, so that the kernel has a new texture: of its own results as operands it would keep some, and write into
    // them again though their sizes may differ.
    kernel.run.setOutput(extents);
    const data = new TextureData(columns * rows, kernel.run(...operands, ...parameters) as DeviceTexture);
    kernel.last = data;
    this.live.add(data.size);
    return data;
  }

  /** Always of rank 3, since gpu.js makes another kernel for operands of another rank. Row r is (y, z) = (r mod h, ⌊r / h⌋). */
  private outputOf(columns: number, rows: number): [number, number, number] {
    // Of more than one row gpu.js makes a texture of these very sides, unless there is a third extent.
    const layers = rows > 1 && Math.max(columns, rows) > this.limit ? 2 : 1;
    const height = Math.ceil(rows / layers);
    const side = Math.ceil(Math.sqrt(columns * height * layers));
    if (side >= this.limit) {
      throw new RangeError(
        `gpujs: a tensor of ${columns * rows} numbers does not fit into a texture, which here holds at most ${this.limit} × ${this.limit}; ` +
          'split it, or choose another backend',
      );
    }
    return [columns, height, layers];
  }

  private make(variant: KernelVariant): MadeKernel {
    const { source, settings } = settingsOf(variant, true, variant === UPLOAD ? 'Input' : 'ArrayTexture(1)');
    return { run: this.instance.createKernel(source, settings), last: undefined };
  }

  read(data: Data): Float32Array {
    const { texture, size } = data as TextureData;
    return this.reader.read(texture, size);
  }

  readLater(data: Data): Promise<Float32Array> {
    const { texture, size } = data as TextureData;
    return this.reader.readLater(texture, size);
  }

  retain(data: Data): Data {
    data.references += 1;
    return data;
  }

  release(data: Data): void {
    data.references -= 1;
    if (data.references > 0 || data === this.nothing) return;
    this.live.remove(data.size);
    (data as TextureData).texture.delete();
  }

  close(): void {
    this.reader.close();
    // Takes the context with it.
    void this.instance.destroy();
  }
}
