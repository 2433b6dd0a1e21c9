// Access to memory: the fields of an instruction, the buffers that they name, and the workspace of each thread.

/** Address of the table of buffers of the current Program. */
let table: usize = 0;
/** Address of the workspace of this thread. */
let workspace: usize = 0;

export function useTable(address: usize): void {
  table = address;
}

export function tableInUse(): usize {
  return table;
}

export function useWorkspace(address: usize): void {
  workspace = address;
}

/** A field of an instruction, as an integer. */
export function word(at: usize, field: i32): i32 {
  return load<i32>(at + ((<usize>field) << 2));
}

export function setWord(at: usize, field: i32, value: i32): void {
  store<i32>(at + ((<usize>field) << 2), value);
}

/** A field of an instruction, as a floating-point number. */
export function real(at: usize, field: i32): f32 {
  return load<f32>(at + ((<usize>field) << 2));
}

/** Address of the buffer that a field names; 0 where there is none. */
export function buffer(at: usize, field: i32): usize {
  return load<u32>(table + ((<usize>word(at, field)) << 2));
}

/** The numbers that are gathered at a time from an operand with strides. */
export const CHUNK: i32 = 1024;
/** The largest numbers of rows and columns of the left matrix that are packed at a time. */
export const BLOCK_ROWS: i32 = 32;
export const BLOCK_DEPTH: i32 = 512;

/** The size of a workspace, as the host takes it. */
const WORKSPACE_BYTES: usize = 1 << 18;
const CHUNK_BYTES: usize = 4096;
const PLACES: usize = 4;
const QUADS_BYTES: usize = 16 * PLACES;

/** Space for CHUNK numbers. There are four such places, 0 to 3. */
export function chunk(place: i32): usize {
  return workspace + <usize>place * CHUNK_BYTES;
}

/** Space for four numbers. There are four such places, 0 to 3. */
export function quad(place: i32): usize {
  return workspace + PLACES * CHUNK_BYTES + ((<usize>place) << 4);
}

/** Space for a tile of 4 × 8 numbers. */
export function tileSpace(): usize {
  return workspace + PLACES * CHUNK_BYTES + QUADS_BYTES;
}

/** Space for BLOCK_ROWS × BLOCK_DEPTH numbers, and more. */
export function blockSpace(): usize {
  return workspace + PLACES * CHUNK_BYTES + 192;
}

/** The bytes of that space: what is left of the workspace. */
export function blockBytes(): usize {
  return WORKSPACE_BYTES - (blockSpace() - workspace);
}

/** Stores the value in all four lanes of the quad at `place`. @returns the address of the quad */
export function splatted(place: i32, value: f32): usize {
  const at = quad(place);
  v128.store(at, f32x4.splat(value));
  return at;
}

/** Whether an operand is what `splatted` returned: one number for all elements. */
export function isSplatted(operand: usize): bool {
  return operand - quad(0) < QUADS_BYTES;
}

/** The four numbers of an instruction from a field on, of which a kernel uses as many as it has parameters. */
export function parametersAt(at: usize, field: i32): v128 {
  return v128.load(at + ((<usize>field) << 2));
}

/** Copies the first `count` < 4 of four numbers. */
export function storeFirst(to: usize, from: usize, count: i32): void {
  for (let i = 0; i < count; i++) store<f32>(to + ((<usize>i) << 2), load<f32>(from + ((<usize>i) << 2)));
}

/** A mask whose bits are set in the first `count` lanes. */
export function firstLanes(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

export function sumOfLanes(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

export function maximumOfLanes(x: v128): f32 {
  const pairs = f32x4.max(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}
