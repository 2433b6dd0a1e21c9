/**
 * A function that loads a part as `fetchPart` does, but only once; where loading failed, the next call tries again.
 * @param what it is, for the error
 */
export function fetchPartOnce<Part>(what: string, load: () => Promise<Part>): () => Promise<Part> {
  let part: Promise<Part> | undefined;
  return () => {
    part ??= fetchPart(what, load()).catch((error) => {
      part = undefined;
      throw error;
    });
    return part;
  };
}

/**
 * Awaits a part of the library that is loaded when something first needs it.
 * @param what it is, for the error
 * @throws Error where the part cannot be loaded, as in a page that has lost its network
 */
export async function fetchPart<Part>(what: string, loading: Promise<Part>): Promise<Part> {
  try {
    return await loading;
  } catch (cause) {
    throw new Error(`equilibra: ${what} could not be loaded (${(cause as Error).message})`, { cause });
  }
}
