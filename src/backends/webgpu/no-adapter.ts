/** Says why there is no GPU, and what helps. A page that has one does not load it. */

/** Where WebGPU is offered, but without an adapter. */
export function explainNoAdapter(isNode: boolean): string {
  return `webgpu: there is no adapter. ${isNode ? NODE_ADVICE : BROWSER_ADVICE}`;
}

const NODE_ADVICE =
  'In Node, Dawn needs a Vulkan, Metal or Direct3D 12 driver: install the driver of the graphics card (on Linux also ' +
  "the loader libvulkan1), or point VK_ICD_FILENAMES to a software driver such as a browser's vk_swiftshader_icd.json.";
const BROWSER_ADVICE =
  'The browser has WebGPU but offers no graphics card to it: see chrome://gpu, update the driver, or switch on ' +
  'hardware acceleration.';

/** Where a browser does not offer WebGPU to this page. */
export function explainNoGPU(): string {
  return typeof isSecureContext !== 'undefined' && !isSecureContext
    ? 'webgpu: browsers offer it only to secure pages; serve the page over https or from localhost'
    : 'webgpu: this browser does not offer it; use a current Chrome, Edge, Firefox or Safari';
}
