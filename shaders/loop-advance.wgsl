// Ends one pass of a loop: if the guard is open, guard = (flag[0] ≠ 0, passes + 1).
//
//   binding 0  flag     the flag's value after the pass
//   binding 1  guard    (flag, passes done)

@group(0) @binding(0) var<storage, read> flag: array<u32>;
@group(0) @binding(1) var<storage, read_write> guard: array<u32>;

@compute @workgroup_size(1)
fn main() {
  if (guard[0] == 0u) {
    return;
  }
  guard[0] = select(0u, 1u, (flag[0] & 0x7fffffffu) != 0u);
  guard[1] += 1u;
}
