// The states [5, batch] of the samples within `carried`. Goes after monitor.wgsl, before kernels that bind `carried`
// and `result`, and whose sizes contain the batch.

override CONTINUED: bool = false; // whether this dispatch continues from the result of a previous one

fn carriedAt(at: u32) -> f32 {
  if (CONTINUED) {
    return result[at];
  }
  return carried[at];
}

// The state that begins at `at`.
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
