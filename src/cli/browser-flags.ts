/** The flags that start a headless browser with WebGPU and without any network traffic of its own. */

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
 * @param adapter `software` is SwiftShader, which is part of the browser. Use `hardware` only where there is a graphics
 *   card: without one, its flags hang the browser on Linux.
 */
export function listBrowserFlags(
  adapter: 'software' | 'hardware',
  platform: NodeJS.Platform = process.platform,
): string[] {
  if (adapter === 'software') return [...QUIET, ...SOFTWARE];
  return [...QUIET, ...(platform === 'linux' ? HARDWARE_LINUX : ['--enable-unsafe-webgpu'])];
}
