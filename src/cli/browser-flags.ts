/** Flags with which a browser is started headless, over WebGPU and without a word to the network. */

const QUIET = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];

const SOFTWARE = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

const HARDWARE_LINUX = [
  '--use-angle=vulkan',
  '--enable-features=Vulkan',
  '--disable-vulkan-surface',
  '--enable-unsafe-webgpu',
];

/**
 * @param adapter software is SwiftShader, which the browser brings along; hardware only where there is a graphics card: on
 *   Linux its flags hang the browser where there is none
 */
export function browserFlags(adapter: 'software' | 'hardware', platform: NodeJS.Platform = process.platform): string[] {
  if (adapter === 'software') return [...QUIET, ...SOFTWARE];
  return [...QUIET, ...(platform === 'linux' ? HARDWARE_LINUX : ['--enable-unsafe-webgpu'])];
}
