// States of samples, [5, batch], in what a kernel carries. Prepended, behind monitor.wgsl, to kernels that bind `carried` and
// `result`, and whose sizes hold the batch.

override CONTINUED: bool = false; // the result holds what a dispatch before has left

fn carriedAt(at: u32) -> f32 {
  if (CONTINUED) {
    return result[at];
  }
  return carried[at];
}

// Of the sample whose state begins at `at`.
fn watchAt(at: u32) -> Watch {
  return Watch(
    carriedAt(at + STATE_STATUS * sizes.batch),
    carriedAt(at + STATE_REMAINING * sizes.batch),
    carriedAt(at + STATE_RESIDUAL * sizes.batch),
    carriedAt(at + STATE_BEST * sizes.batch),
    carriedAt(at + STATE_STALE * sizes.batch),
  );
}

fn storeWatch(at: u32, watch: Watch) {
  result[at + STATE_STATUS * sizes.batch] = watch.status;
  result[at + STATE_REMAINING * sizes.batch] = watch.remaining;
  result[at + STATE_RESIDUAL * sizes.batch] = watch.residual;
  result[at + STATE_BEST * sizes.batch] = watch.best;
  result[at + STATE_STALE * sizes.batch] = watch.stale;
}
