import { BYTES, TEXT } from '../../arguments/check.ts';

/**
 * Offers the bytes of a checkpoint as a download of the page.
 * @param name the name of the file, such as digits.equilibra
 * @throws Error where there is no page, as in Node or in a worker
 */
export function downloadCheckpoint(bytes: Uint8Array<ArrayBuffer>, name: string): void {
  BYTES('downloadCheckpoint: bytes', bytes);
  TEXT('downloadCheckpoint: name', name);
  if (typeof document === 'undefined') {
    throw new Error('downloadCheckpoint: there is no page here; write the bytes to a file instead');
  }
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  // Browsers read the object some time after the click and do not report when they are done.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
