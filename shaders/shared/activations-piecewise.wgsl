// Activations σ = prox_f and prox_{αf}, those of linear pieces. Prepended to the kernels that use one of them; the others get
// activations-smooth.wgsl.

// Which activation; the order of ACTIVATIONS in kernels.ts. A constant, so that a pipeline is compiled from its branch alone.
override ACTIVATION: u32 = 0u;
const RELU = 1u;
const SOFT_THRESHOLD = 4u;
const LEAKY_RELU = 5u;
const CLIP = 6u;

fn softThreshold(x: f32, threshold: f32) -> f32 {
  if (x > threshold) {
    return x - threshold;
  }
  if (x < -threshold) {
    return x + threshold;
  }
  return 0.0;
}

// σ(x); the parameters are those of ACTIVATIONS in kernels.ts.
fn activation(x: f32, parameters: vec2<f32>) -> f32 {
  switch (ACTIVATION) {
    case RELU: { return max(x, 0.0); }
    case SOFT_THRESHOLD: { return softThreshold(x, parameters.x); }
    case LEAKY_RELU: { return select(parameters.x * x, x, x >= 0.0); }
    case CLIP: { return clamp(x, parameters.x, parameters.y); }
    default: { return x; }
  }
}

// prox_{αf}(x) for α > 0, where σ = prox_f.
fn proximal(x: f32, alpha: f32, parameters: vec2<f32>) -> f32 {
  switch (ACTIVATION) {
    case SOFT_THRESHOLD: { return softThreshold(x, alpha * parameters.x); }
    case LEAKY_RELU: {
      let slope = parameters.x / (parameters.x + alpha * (1.0 - parameters.x));
      return select(slope * x, x, x >= 0.0);
    }
    default: { return activation(x, parameters); }
  }
}
