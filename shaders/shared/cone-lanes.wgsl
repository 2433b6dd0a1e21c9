// Each invocation treats a block of its own: nothing waits. Another version is cone-workgroup.wgsl.

fn wait() {}

fn isSettled(hasTurned: bool) -> bool {
  return !hasTurned;
}
