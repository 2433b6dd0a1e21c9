/** Reads textures, with one float32 number in each texel, back to the host. */
import { DeviceLostError } from '../lost.ts';
import type { DeviceTexture } from './library.ts';

export class TextureReader {
  private readonly framebuffer: WebGLFramebuffer;
  private closed = false;
  /** Resolves when all readings that were requested so far have ended. They end in the order of the requests. */
  private earlier: Promise<unknown> = Promise.resolve();

  constructor(private readonly gl: WebGL2RenderingContext) {
    this.framebuffer = gl.createFramebuffer();
  }

  /** Blocks until all kernels that were launched before have ended. */
  read(texture: DeviceTexture, size: number): Float32Array {
    const { gl } = this;
    const stride = this.bindTexture(texture);
    const texels = new Float32Array(texture.size[0] * texture.size[1] * stride);
    gl.readPixels(0, 0, texture.size[0], texture.size[1], stride === 1 ? gl.RED : gl.RGBA, gl.FLOAT, texels);
    this.assertNoError();
    return takeEvery(texels, stride, size);
  }

  /** The texture may be deleted as soon as this returns. */
  readLater(texture: DeviceTexture, size: number): Promise<Float32Array> {
    const { earlier } = this;
    const reading = this.startReading(texture, size, earlier);
    this.earlier = reading.catch(() => {});
    return reading;
  }

  private async startReading(texture: DeviceTexture, size: number, earlier: Promise<unknown>): Promise<Float32Array> {
    const { gl } = this;
    const stride = this.bindTexture(texture);
    const texels = new Float32Array(texture.size[0] * texture.size[1] * stride);
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.bufferData(gl.PIXEL_PACK_BUFFER, texels.byteLength, gl.STREAM_READ);
    gl.readPixels(0, 0, texture.size[0], texture.size[1], stride === 1 ? gl.RED : gl.RGBA, gl.FLOAT, 0);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    try {
      await this.waitForGPU();
      await earlier;
      this.assertNoError();
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
      gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, texels);
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    } finally {
      gl.deleteBuffer(buffer);
    }
    return takeEvery(texels, stride, size);
  }

  /** Binds the texture for reading. @returns the number of channels that are read from each texel */
  private bindTexture(texture: DeviceTexture): 1 | 4 {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.framebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture.texture, 0);
    // Every WebGL2 can read four channels. Most can also read the one channel that the texture has.
    const single =
      gl.getParameter(gl.IMPLEMENTATION_COLOR_READ_FORMAT) === gl.RED &&
      gl.getParameter(gl.IMPLEMENTATION_COLOR_READ_TYPE) === gl.FLOAT;
    return single ? 1 : 4;
  }

  /** Resolves when the GPU has performed all commands so far. */
  private async waitForGPU(): Promise<void> {
    const { gl } = this;
    const sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    if (!sync) throw contextLost();
    gl.flush();
    for (;;) {
      if (this.closed) throw new Error('gpujs: the engine is closed; open() a new one');
      const status = gl.clientWaitSync(sync, 0, 0);
      if (status === gl.WAIT_FAILED || gl.isContextLost()) throw contextLost();
      if (status === gl.ALREADY_SIGNALED || status === gl.CONDITION_SATISFIED) break;
      await nextTurn();
    }
    gl.deleteSync(sync);
  }

  private assertNoError(): void {
    const { gl } = this;
    if (gl.isContextLost()) throw contextLost();
    const error = gl.getError();
    if (error === gl.NO_ERROR) return;
    if (error === gl.OUT_OF_MEMORY) throw new Error('gpujs: the GPU is out of memory');
    throw new Error(`gpujs: WebGL2 reports error 0x${error.toString(16)}`);
  }

  close(): void {
    this.closed = true;
    this.gl.deleteFramebuffer(this.framebuffer);
  }
}

export function contextLost(): Error {
  return new DeviceLostError('gpujs: the WebGL2 context was lost; its tensors are gone: open() a new engine');
}

function takeEvery(texels: Float32Array, stride: number, size: number): Float32Array {
  if (stride === 1) return texels.subarray(0, size);
  return Float32Array.from({ length: size }, (_, index) => texels[index * stride]);
}

/** Resolves in the next task of the event loop, without the minimum delay of timers. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
