// Piecewise linear activations σ = prox_f, and prox_{αf}. Goes after numbers.wgsl, before kernels that use one of them.
// Kernels with another activation get activations-smooth.wgsl.

// The index of the activation in ACTIVATIONS of product-kernels.ts. It is a constant, so that a pipeline compiles only
// its branch.
override ACTIVATION: u32 = ACTIVATION_IDENTITY;

fn softThreshold(x: f32, threshold: f32) -> f32 {
  if (x > threshold) {
    return x - threshold;
  }
  if (x < -threshold) {
    return x + threshold;
  }
  return unlessNaN(x, unlessNaN(threshold, 0.0));
}

// σ(x); the parameters are those of ACTIVATIONS in product-kernels.ts.
fn activation(x: f32, parameters: vec2<f32>) -> f32 {
  switch (ACTIVATION) {
    case ACTIVATION_IDENTITY: { return x; }
    case ACTIVATION_RELU: { return unlessNaN(x, max(x, 0.0)); }
    case ACTIVATION_SOFT_THRESHOLD: { return softThreshold(x, parameters.x); }
    case ACTIVATION_LEAKY_RELU: { return select(parameters.x * x, x, x >= 0.0); }
    case ACTIVATION_CLIP: { return clamped(x, parameters.x, parameters.y); }
    default: { return 0.0; }
  }
}

// prox_{αf}(x) for α > 0, where σ = prox_f.
fn proximal(x: f32, alpha: f32, parameters: vec2<f32>) -> f32 {
  switch (ACTIVATION) {
    case ACTIVATION_SOFT_THRESHOLD: { return softThreshold(x, alpha * parameters.x); }
    case ACTIVATION_LEAKY_RELU: {
      let slope = parameters.x / (parameters.x + alpha * (1.0 - parameters.x));
      return select(slope * x, x, x >= 0.0);
    }
    // Projections do not depend on α.
    case ACTIVATION_IDENTITY, ACTIVATION_RELU, ACTIVATION_CLIP: { return activation(x, parameters); }
    default: { return 0.0; }
  }
}
