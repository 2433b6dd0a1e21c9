/** What is known of X = φ(WXA + B) where ‖W‖∞ is kept below a bound. */
import { certifiedByContraction, showBound, type WellPosed } from '../well-posed/verdict.ts';
import { type Entries, largestSum } from './cycles.ts';
import { type GraphBound, spreadOf } from './graph-bound.ts';

/**
 * The factor of `WellPosed` where ‖W‖∞·‖A‖₂ ≤ κ: in the norm max_f ‖row f of X‖₂ the network contracts by κ, and the Euclidean norm
 * is at most √features times that. Infinite where κ ≥ 1.
 */
export function amplificationByNorms(contraction: number, features: number): number {
  return contraction < 1 ? Math.sqrt(features) / (1 - contraction) : Number.POSITIVE_INFINITY;
}

/** ‖W‖∞ ≤ κ and graphs that the layer itself normalises, so that λ_pf(|A|) ≤ 1 and ‖A‖₂ ≤ 1. */
export function wellPosedWithNormalisation(contraction: number, features: number): WellPosed {
  const reason = `‖W‖∞ ≤ ${contraction} < 1 by construction and λ_pf(|A|) ≤ 1 by normalisation, and the activation is non-expansive component by component`;
  return certifiedByContraction(reason, amplificationByNorms(contraction, features));
}

/** ‖W‖∞ ≤ κ/λ_pf(|A|) for one graph; ‖W‖∞ ≤ κ where it has no cycles. */
export function wellPosedOnGraph(
  graph: Entries,
  { bound, vector, norm, order }: GraphBound,
  contraction: number,
  features: number,
): WellPosed {
  const component = 'the activation is non-expansive component by component';
  if (order) {
    const largest = largestSum(graph, order, [contraction], 1);
    const reason = `the graph has no cycles, so that λ_pf(|A|) = 0, and ${component}`;
    return certifiedByContraction(reason, Math.sqrt(graph.nodes * features) * largest);
  }
  const byVector = (Math.sqrt(features) * spreadOf(vector)) / (1 - contraction);
  const reason = `‖W‖∞·λ_pf(|A|) ≤ ${contraction} < 1 by construction, with λ_pf(|A|) ≤ ${showBound(bound)}, and ${component}`;
  return certifiedByContraction(
    reason,
    Math.min(byVector, amplificationByNorms((contraction * norm) / bound, features)),
  );
}

/** I − Aᵀ⊗W ⪰ (1 − κ)I for a symmetric A, by construction: see `monotoneWeights`. */
export function monotoneOnGraph(contraction: number): WellPosed {
  return {
    status: 'certified',
    argument: 'margin',
    reason: `I − (M + Mᵀ)/2 ⪰ m·I for M = Aᵀ⊗W with m = ${(1 - contraction).toPrecision(3)}, by construction, since A is symmetric`,
    // The norm of the skew part of W, which an error bound would need, is not bounded.
    amplification: Number.POSITIVE_INFINITY,
  };
}
