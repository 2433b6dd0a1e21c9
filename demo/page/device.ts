/** Shows on which device the page computes, and explains what to do where that is not the graphics card. */
import type { DeviceFigures } from '../model/protocol.ts';
import { findButton, findElement, hideElement, setText } from './elements.ts';
import { readStored, store } from './storage.ts';

const NAMES: Readonly<Record<string, string>> = { webgpu: 'WebGPU', wasm: 'WebAssembly', gpujs: 'WebGL', cpu: 'CPU' };

type Place = Pick<DeviceFigures, 'backend' | 'adapter'>;

export function nameBackend(backend: string): string {
  return NAMES[backend] ?? backend;
}

/** Names the device, such as “WebGPU, NVIDIA H200” or “WebAssembly in float32, 2 threads”. */
export function namePlace({ backend, adapter: { description } }: Place): string {
  const name = nameBackend(backend);
  return description.startsWith(name) ? description : `${name}, ${description}`;
}

export function showDevice(place: Place): void {
  const kind = place.backend === 'webgpu' && !place.adapter.software ? 'gpu' : 'other';
  findElement('device', HTMLElement).dataset.kind = kind;
  setText('device-text', namePlace(place));
  findElement('device-text', HTMLElement).title = namePlace(place);
}

/** Under this key the page remembers which notice its user does not want to see again. */
const KEY = 'notice not shown';

export function explainDevice({ backend, webgpu }: DeviceFigures): void {
  if (!webgpu || readStored(KEY) === webgpu.problem) return;
  const instead = `The page computes with ${nameBackend(backend)} instead: everything works, only slower than on a graphics card.`;
  if (webgpu.problem === 'software') {
    setText('notice-title', 'WebGPU runs on a software adapter here.');
    setText(
      'notice-text',
      `“${webgpu.message}” is a program that runs on the processor. This is slower than computing there directly. ${instead}`,
    );
  } else {
    setText('notice-title', 'There is no WebGPU here.');
    setText('notice-text', instead);
    setText('notice-detail', webgpu.message);
  }
  const notice = findElement('notice', HTMLElement);
  notice.hidden = false;
  findButton('notice-close').addEventListener('click', () => {
    store(KEY, webgpu.problem);
    hideElement(notice, findElement('content', HTMLElement));
  });
}
