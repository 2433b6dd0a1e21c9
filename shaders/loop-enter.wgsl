// Opens the guard of a loop: guard = (initial[0] ≠ 0 and the enclosing guard is open, 0 passes).
//
//   binding 0  outer     uniform: guard of the enclosing loop, 1 outside loops
//   binding 1  initial   the flag's initial value
//   binding 2  guard     (flag, passes done)

@group(0) @binding(0) var<uniform> outer: vec4<u32>;
@group(0) @binding(1) var<storage, read> initial: array<u32>;
@group(0) @binding(2) var<storage, read_write> guard: array<u32>;

@compute @workgroup_size(1)
fn main() {
  // Zero of either sign is recognised by its bits. Every other number, including NaN, keeps the loop going.
  let flag = (initial[0] & 0x7fffffffu) != 0u;
  guard[0] = select(0u, 1u, flag && outer.x != 0u);
  guard[1] = 0u;
}
