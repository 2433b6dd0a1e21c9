// The invocations of a workgroup treat a block together. Another version is cone-lanes.wgsl.

fn wait() {
  workgroupBarrier();
}

// All invocations go on for as long, since they wait for one another.
fn isSettled(hasTurned: bool) -> bool {
  return false;
}
