/** Says where the page computes, and what to do where that is not the graphics card. */
import type { DeviceFigures } from '../model/protocol.ts';
import { button, part, text } from './elements.ts';

const NAMES: Readonly<Record<string, string>> = { webgpu: 'WebGPU', wasm: 'WebAssembly', gpujs: 'WebGL', cpu: 'CPU' };

type Place = Pick<DeviceFigures, 'backend' | 'adapter'>;

export function backendName(backend: string): string {
  return NAMES[backend] ?? backend;
}

/** Such as “WebGPU, NVIDIA H200” and “WebAssembly in float32, 2 threads”. */
export function placeName({ backend, adapter: { description } }: Place): string {
  const name = backendName(backend);
  return description.startsWith(name) ? description : `${name}, ${description}`;
}

export function showDevice(place: Place): void {
  const kind = place.backend === 'webgpu' && !place.adapter.software ? 'gpu' : 'other';
  part('device', HTMLElement).dataset.kind = kind;
  text('device-text', placeName(place));
  part('device-text', HTMLElement).title = placeName(place);
}

export function explainDevice({ backend, webgpu }: DeviceFigures): void {
  if (!webgpu) return;
  const instead = `The page computes with ${backendName(backend)} instead: everything works, only slower than on a graphics card.`;
  if (webgpu.problem === 'software') {
    text('notice-title', 'WebGPU runs on a software adapter here.');
    text(
      'notice-text',
      `“${webgpu.message}” is a program on the processor, slower than computing there directly. ${instead}`,
    );
  } else {
    text('notice-title', 'There is no WebGPU here.');
    text('notice-text', instead);
    text('notice-detail', webgpu.message);
  }
  const notice = part('notice', HTMLElement);
  notice.hidden = false;
  button('notice-close').addEventListener('click', () => {
    notice.hidden = true;
  });
}
