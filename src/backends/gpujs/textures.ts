/** The WebGL2 mode of gpu.js. Data are textures, which stay on the GPU from kernel to kernel. */
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

/** The only kernel whose operand is an array of the host; the operands of all others are textures. */
const UPLOAD: KernelVariant = { kernel: 'upload' };

interface CachedKernel {
  readonly run: RunnableKernel;
  /** The last result, whose texture the kernel keeps until it runs again. */
  last: Data | undefined;
}

/** @throws Error where WebGL2 is missing, or does not compute in float32 */
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
  /** The largest width and height of a texture. */
  private readonly limit: number;

  constructor(private readonly library: Library) {
    const gl = openContext();
    this.gl = gl;
    this.adapter = describeContext(gl);
    this.limit = gl.getParameter(gl.MAX_TEXTURE_SIZE);
    // Without a canvas object of ours, gpu.js would enlarge the canvas to the size of the largest texture.
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
    // This call makes the kernel allocate a new texture. Otherwise, where its operands are its own earlier results, it
    // would reuse some of their textures, whose sizes may differ.
    kernel.run.setOutput(extents);
    const data = new TextureData(columns * rows, kernel.run(...operands, ...parameters) as DeviceTexture);
    kernel.last = data;
    this.live.add(data.size);
    return data;
  }

  /**
   * The extents of a result for gpu.js, where row r has the indices (y, z) = (r mod height, ⌊r / height⌋). They always
   * have rank 3, since gpu.js compiles another kernel for operands of another rank.
   */
  private outputOf(columns: number, rows: number): [number, number, number] {
    // For more than one row, gpu.js uses the two extents as the sides of the texture, unless there is a third extent.
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

  private make(variant: KernelVariant): CachedKernel {
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
    // This also loses the context.
    void this.instance.destroy();
  }
}
