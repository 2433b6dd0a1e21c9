// States of samples, [5, batch], in what a kernel carries. Prepended, behind monitor.wgsl, to kernels that bind `carried` and
// `result`, and whose sizes hold the batch.

override CONTINUED: bool = false; // the result holds what a dispatch before has left

fn carriedAt(at: u32) -> f32 {
  if (CONTINUED) {
    return result[at];
  }
  return carried[at];
}

// Of the sample whose status is at `at`.
fn watchAt(at: u32) -> Watch {
  return Watch(
    carriedAt(at),
    carriedAt(at + sizes.batch),
    carriedAt(at + 2u * sizes.batch),
    carriedAt(at + 3u * sizes.batch),
    carriedAt(at + 4u * sizes.batch),
  );
}

fn storeWatch(at: u32, watch: Watch) {
  result[at] = watch.status;
  result[at + sizes.batch] = watch.iterations;
  result[at + 2u * sizes.batch] = watch.residual;
  result[at + 3u * sizes.batch] = watch.best;
  result[at + 4u * sizes.batch] = watch.stale;
}
