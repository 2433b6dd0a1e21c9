/** Thrown when the device is lost: the driver was reset, the graphics card was removed, or the page was suspended. */
export class DeviceLostError extends Error {
  /** Always 'DeviceLostError'. */
  override readonly name = 'DeviceLostError';
}
