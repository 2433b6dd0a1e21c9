/** The page of the gallery: what goes wrong without the hypothesis of the theorem, and what holds with it. */
import type { Clarke } from '../../../gallery/clarke.ts';
import type { Cycle } from '../../../gallery/cycle.ts';
import type { Jump } from '../../../gallery/jump.ts';
import type { Lorenz } from '../../../gallery/lorenz.ts';
import type { PerturbedReading } from '../../../gallery/perturbed.ts';
import type { Spurious } from '../../../gallery/spurious.ts';
import type { Theorem3 } from '../../../gallery/theorem3.ts';
import { html } from '../../../pictures/markup.ts';
import { page } from '../page.ts';
import { clarkeExhibit } from './clarke.ts';
import { cycleExhibit } from './cycle.ts';
import { type Exhibit, exhibitSection } from './exhibit.ts';
import { jumpExhibit } from './jump.ts';
import { lorenzExhibit } from './lorenz.ts';
import { perturbedExhibit } from './perturbed.ts';
import { spuriousExhibit } from './spurious.ts';
import { theorem3Exhibit } from './theorem3.ts';

export interface Gallery {
  readonly spurious: Spurious;
  readonly clarke: Clarke;
  readonly cycle: Cycle;
  readonly perturbed: readonly PerturbedReading[];
  readonly lorenz: Lorenz;
  readonly theorem3: Theorem3;
  readonly jump: Jump;
}

export function createExhibits(found: Gallery): Exhibit[] {
  return [
    spuriousExhibit(found.spurious),
    clarkeExhibit(found.clarke),
    cycleExhibit(found.cycle),
    perturbedExhibit(found.perturbed),
    lorenzExhibit(found.lorenz),
    theorem3Exhibit(found.theorem3),
    jumpExhibit(found.jump),
  ];
}

/** Returns the text of the HTML file. */
export function galleryPage(exhibits: readonly Exhibit[], backend: string): string {
  return page(
    'What goes wrong without the hypothesis',
    html`<p class="lead">The theorem: where F(x, z) = 0 defines z, and every element [A B] of a convex conservative Jacobian of F has an
invertible B, the matrices −B⁻¹A are a conservative Jacobian of z (Theorem 2). These exhibits show what implicit differentiation
answers where B is not invertible, and twice where it is.</p>
<p class="quiet">After J. Bolte, T. Le, E. Pauwels, A. Silveti-Falls, “Nonsmooth Implicit Differentiation for Machine-Learning and
Optimization”, NeurIPS 2021. Every derivative here was computed by Equilibra on the backend ${backend}.</p>
<nav><ol>${exhibits.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ol></nav>
${exhibits.map(exhibitSection)}`,
  );
}
