/** The same, asked for again only where it could not be loaded. */
export function fetchedOnce<Part>(what: string, load: () => Promise<Part>): () => Promise<Part> {
  let part: Promise<Part> | undefined;
  return () => {
    part ??= fetched(what, load()).catch((error) => {
      part = undefined;
      throw error;
    });
    return part;
  };
}

/**
 * A part of the library that is loaded when something first needs it.
 * @param what it is, for the error
 * @throws Error where it cannot be loaded, as in a page that has lost its network: what needs it must not go on without
 */
export async function fetched<Part>(what: string, loading: Promise<Part>): Promise<Part> {
  try {
    return await loading;
  } catch (cause) {
    throw new Error(`equilibra: ${what} could not be loaded (${(cause as Error).message})`, { cause });
  }
}
