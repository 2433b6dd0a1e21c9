/** The exponential and the power cone, and their duals, for which Π_{K*}(v) = v + Π_K(−v) (J.-J. Moreau, 1962). */

import type { ConeBlock } from '../../../backends/cone-kernels.ts';
import { ExponentialPoint, projectOntoExponential } from './exponential.ts';
import { exponentialSpectrum } from './exponential-jacobian.ts';
import type { ConeKind } from './kind.ts';
import { PowerPoint, projectOntoPower } from './power.ts';
import { powerSpectrum } from './power-jacobian.ts';
import { dualSpectrum, SpectralJacobian, type Spectrum } from './spectrum.ts';

/** Where a vector is projected to. */
interface Point {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** A cone of vectors (x, y, z). */
interface ThreeDimensional {
  /** The result holds until the next call. */
  project(block: ConeBlock, x: number, y: number, z: number): Point;
  /** Of the vector that was projected last. */
  spectrum(block: ConeBlock, x: number, y: number, z: number, tolerance: number): Spectrum;
}

const exponentialPoint = new ExponentialPoint();
const powerPoint = new PowerPoint();

const EXPONENTIAL: ThreeDimensional = {
  project(_, x, y, z) {
    projectOntoExponential(x, y, z, exponentialPoint);
    return exponentialPoint;
  },
  spectrum: (_, x, y, z, tolerance) => exponentialSpectrum(x, y, z, exponentialPoint, tolerance),
};

const POWER: ThreeDimensional = {
  project({ alpha }, x, y, z) {
    projectOntoPower(alpha, x, y, z, powerPoint);
    return powerPoint;
  },
  spectrum: ({ alpha }, x, y, z, tolerance) => powerSpectrum(alpha, x, y, z, powerPoint, tolerance),
};

function primalKind(cone: ThreeDimensional): ConeKind {
  return {
    value(block, v, out) {
      const { start } = block;
      const { x, y, z } = cone.project(block, v[start], v[start + 1], v[start + 2]);
      out[start] = x;
      out[start + 1] = y;
      out[start + 2] = z;
    },
    project(block, v, out, tolerance) {
      this.value(block, v, out);
      const { start } = block;
      return new SpectralJacobian(block, cone.spectrum(block, v[start], v[start + 1], v[start + 2], tolerance));
    },
  };
}

function dualKind(cone: ThreeDimensional): ConeKind {
  return {
    value(block, v, out) {
      const { start } = block;
      const { x, y, z } = cone.project(block, -v[start], -v[start + 1], -v[start + 2]);
      out[start] = v[start] + x;
      out[start + 1] = v[start + 1] + y;
      out[start + 2] = v[start + 2] + z;
    },
    project(block, v, out, tolerance) {
      this.value(block, v, out);
      const { start } = block;
      const spectrum = cone.spectrum(block, -v[start], -v[start + 1], -v[start + 2], tolerance);
      return new SpectralJacobian(block, dualSpectrum(spectrum));
    },
  };
}

export const exponentialCone = primalKind(EXPONENTIAL);
export const dualExponentialCone = dualKind(EXPONENTIAL);
export const powerCone = primalKind(POWER);
export const dualPowerCone = dualKind(POWER);
