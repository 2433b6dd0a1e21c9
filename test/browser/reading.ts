/**
 * Functions that the test of the readers calls in the page: the same as in Node, on the browser's streams and files.
 */
import { imagesFromFiles, readTable, tableDataset } from '../../src/data/index.ts';

function blobOf(base64: string): Blob {
  return new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))]);
}

/** Builds a data set from files as they are dropped on a page. */
export async function imagesIn(files: { name: string; base64: string }[]): Promise<object> {
  const dropped = files.map(({ name, base64 }) => new File([blobOf(base64)], name));
  const data = await imagesFromFiles(dropped.map((file) => ({ name: file.name, bytes: file })));
  return { counts: [data.train.count, data.test.count], shape: data.featureShape, labels: [...data.train.labels] };
}

export async function tableIn(base64: string, target: string): Promise<object> {
  const { classNames, preparation, train } = tableDataset(await readTable(blobOf(base64)), { target, heldOut: 0 });
  return { classNames, preparation, inputs: [...train.inputs] };
}

/** The message of the error that reading throws. */
export async function failureOf(base64: string, decompressedBytes: number): Promise<string> {
  return readTable(blobOf(base64), { limits: { decompressedBytes } }).then(
    () => 'none',
    (error: unknown) => String(error),
  );
}
