/** Reads and writes the files that the user names. Errors name the file; a file is written whole or not at all. */
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InputError } from './io.ts';

/** @param place where the path stands on the command line, such as `--data flowers.csv`, for error messages */
export async function findPathKind(place: string, path: string): Promise<'folder' | 'file'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    throw createReadError(place, error);
  }
}

/** @param place as for `findPathKind` */
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

/** Checks before the long work begins that the file of this option can be written. */
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

/** Writes the file of an option. @throws InputError that names the option and the path */
export async function writeOutput(option: string, path: string, content: Uint8Array | string): Promise<void> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  await writeAtomically(path, bytes).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`--${option} ${path}: it cannot be written (${error.code ?? error.message})`);
  });
}

/**
 * Writes a file so that a crash leaves either the old or the new content. The bytes go to a temporary file in the same
 * folder, which is flushed to the disk and then renamed.
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

/** Flushes a folder, which makes a rename in it durable. Windows has no such call and does not need it. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
