// Element-wise operations of exponentials and quotients: the smooth activations, with their derivatives. Prepended to
// elementwise.wgsl.

override OPERATION: u32 = 2u;

// e^(−2|x|) and e^(−|x|) keep all digits of these where 1 − tanh² and 1 − s would cancel.
fn tanhDerivative(x: f32) -> f32 {
  let e = exponential(-2.0 * abs(x));
  return 4.0 * e / ((1.0 + e) * (1.0 + e));
}

fn sigmoidDerivative(x: f32) -> f32 {
  let e = exponential(-abs(x));
  return e / ((1.0 + e) * (1.0 + e));
}

// α·eˣ left of the kink, whose Clarke interval is [α, 1].
fn eluDerivative(x: f32, tolerance: f32, alpha: f32, q: f32) -> f32 {
  if (abs(x) <= tolerance) {
    return (1.0 - q) * alpha + q;
  }
  return select(alpha * exponential(min(x, 0.0)), 1.0, x > 0.0);
}

fn softsignDerivative(x: f32) -> f32 {
  let r = 1.0 / (1.0 + abs(x));
  return r * r;
}

// The cases are in the order of ELEMENTWISE in kernels.ts. Of σ and prox_{αf} the activation is a constant of the pipeline.
fn operation(index: u32, x: f32, y: f32, z: f32, p0: f32, p1: f32, p2: f32) -> f32 {
  switch (OPERATION) {
    case 2u: { return exponential(x); } // exp
    // tanh, sigmoid, softplus, elu, softsign, arctan
    case 10u, 11u, 15u, 16u, 17u, 18u: { return activation(x, vec2<f32>(p0, p1)); }
    case 32u: { return eluDerivative(x, y, p1, p0); } // eluDerivative
    case 33u: { return tanhDerivative(x); } // tanhDerivative
    case 34u: { return sigmoidDerivative(x); } // sigmoidDerivative
    case 35u: { return softsignDerivative(x); } // softsignDerivative
    case 36u: { return arctangentDerivative(x); } // arctanDerivative
    // proximalTanh, proximalSigmoid, proximalSoftplus, proximalElu, proximalSoftsign, proximalArctan
    case 39u, 40u, 44u, 45u, 46u, 47u: { return proximal(x, y, vec2<f32>(p0, p1)); }
    default: { return 0.0; }
  }
}
