/** Files that the user names: read with errors that say which, written whole or not at all. */
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InputError } from './io.ts';

/** @param place of the path on the command line, for the messages, such as `--data flowers.csv` */
export async function findPathKind(place: string, path: string): Promise<'folder' | 'file'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    throw createReadError(place, error);
  }
}

/** @param place as in `kindOfPath` */
export async function readBytes(place: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw createReadError(place, error);
  }
}

function createReadError(place: string, error: unknown): InputError {
  const { code } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOENT: 'there is no such file or folder',
    EACCES: 'it may not be read',
    EISDIR: 'it is a folder; name a file',
  };
  return new InputError(`${place}: ${reasons[code ?? ''] ?? `it cannot be read (${code ?? error})`}`);
}

/** Work takes long: what would keep the file of this option from being written is found out before. */
export async function checkWritable(option: string, path: string): Promise<void> {
  if (await isFolder(path)) throw new InputError(`--${option} ${path}: it is a folder; name a file`);
  const folder = dirname(path);
  if (!(await isFolder(folder))) throw new InputError(`--${option} ${path}: there is no folder ${folder}`);
}

export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

/** Writes the file of this option. */
export async function writeOutput(option: string, path: string, content: Uint8Array | string): Promise<void> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  await writeAtomically(path, bytes).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`--${option} ${path}: it cannot be written (${error.code ?? error.message})`);
  });
}

/**
 * Writes a file such that a crash leaves the old one or the new one, never a part: to a temporary file beside it, which
 * is flushed to the disk and then takes its name.
 */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${Date.now()}.part`);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flushFolder(dirname(path));
}

/** The new name is on the disk once the folder is; Windows cannot flush folders and needs not. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
