/**
 * Thrown by everything that needs a device which is gone: the driver was reset, the graphics card taken out, the page
 * put to sleep.
 */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError';
}
