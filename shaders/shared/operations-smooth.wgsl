// Element-wise operations with exponentials and quotients: the smooth activations and their derivatives. Goes before
// elementwise.wgsl.

override OPERATION: u32 = OPERATION_EXP;

// Written with e^(−2|x|) and e^(−|x|), the derivatives keep all digits, whereas 1 − tanh² and 1 − s would cancel.
fn tanhDerivative(x: f32) -> f32 {
  let e = exponential(-2.0 * abs(x));
  return 4.0 * e / ((1.0 + e) * (1.0 + e));
}

fn sigmoidDerivative(x: f32) -> f32 {
  let e = exponential(-abs(x));
  return e / ((1.0 + e) * (1.0 + e));
}

// α·eˣ to the left of the kink, whose Clarke interval is [α, 1].
fn eluDerivative(x: f32, tolerance: f32, alpha: f32, q: f32) -> f32 {
  var slope = select(alpha * exponential(min(x, 0.0)), 1.0, x > 0.0);
  if (abs(x) <= tolerance) {
    slope = (1.0 - q) * alpha + q;
  }
  return unlessNaN(x, unlessNaN(tolerance, slope));
}

fn softsignDerivative(x: f32) -> f32 {
  let r = 1.0 / (1.0 + abs(x));
  return r * r;
}

// The formulas of ELEMENTWISE in kernels.ts. The activation of σ and prox_{αf} is a constant of the pipeline.
fn operation(index: u32, x: f32, y: f32, z: f32, p0: f32, p1: f32, p2: f32) -> f32 {
  switch (OPERATION) {
    case OPERATION_EXP: { return exponential(x); }
    case OPERATION_TANH,
      OPERATION_SIGMOID,
      OPERATION_SOFTPLUS,
      OPERATION_ELU,
      OPERATION_SOFTSIGN,
      OPERATION_ARCTAN: { return activation(x, vec2<f32>(p0, p1)); }
    case OPERATION_ELU_DERIVATIVE: { return eluDerivative(x, y, p1, p0); }
    case OPERATION_TANH_DERIVATIVE: { return unlessNaN(x, tanhDerivative(x)); }
    case OPERATION_SIGMOID_DERIVATIVE: { return unlessNaN(x, sigmoidDerivative(x)); }
    case OPERATION_SOFTSIGN_DERIVATIVE: { return unlessNaN(x, softsignDerivative(x)); }
    case OPERATION_ARCTAN_DERIVATIVE: { return unlessNaN(x, arctangentDerivative(x)); }
    case OPERATION_PROXIMAL_TANH,
      OPERATION_PROXIMAL_SIGMOID,
      OPERATION_PROXIMAL_SOFTPLUS,
      OPERATION_PROXIMAL_ELU,
      OPERATION_PROXIMAL_SOFTSIGN,
      OPERATION_PROXIMAL_ARCTAN: { return proximal(x, y, vec2<f32>(p0, p1)); }
    default: { return 0.0; }
  }
}
