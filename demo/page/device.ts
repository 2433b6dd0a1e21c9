/** Says where the page computes, and what to do where that is not the graphics card. */
import type { DeviceFigures } from '../model/protocol.ts';
import { button, part, text } from './elements.ts';

const NAMES: Readonly<Record<string, string>> = { webgpu: 'WebGPU', wasm: 'WebAssembly', gpujs: 'WebGL', cpu: 'CPU' };

export function backendName(backend: string): string {
  return NAMES[backend] ?? backend;
}

export function showDevice({ backend, adapter }: Pick<DeviceFigures, 'backend' | 'adapter'>): void {
  const kind = backend === 'webgpu' && !adapter.software ? 'gpu' : 'other';
  part('device', HTMLElement).dataset.kind = kind;
  text('device-text', `${backendName(backend)} · ${adapter.description}`);
  part('device-text', HTMLElement).title = `${backendName(backend)}: ${adapter.description}`;
}

export function explainDevice({ backend, webgpu }: DeviceFigures): void {
  if (!webgpu) return;
  const instead = `The page computes with ${backendName(backend)} instead: everything works, more slowly.`;
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
