/** The instruction for a chain; see chains.ts. TypeScript and AssemblyScript both compile this file, as they do instructions.ts. */

/**
 * Followed by instructions that are performed one after the other on each row of their arrays. The length includes them.
 * The interpreter writes how many rows are done, and how many are in progress.
 */
export enum Chain {
  rows = 2,
  columns,
  done,
  count,
  end,
}
