/** Every property of composed problems, on each backend to which it applies. */
import type { BackendName } from '../../../../src/backends/backend.ts';
import type { Engine } from '../../../../src/tensor/engine.ts';
import type { Load } from '../property.ts';
import { checkBackends } from './backends.ts';
import { checkCertificates } from './certificates.ts';
import { checkIntervals } from './intervals.ts';
import { checkKinks } from './kinks.ts';
import { checkSparseModels } from './lasso.ts';
import { checkMemory } from './memory.ts';
import { checkMonotoneLayers } from './monotone.ts';
import { checkNeighbours } from './neighbours.ts';
import { checkScales } from './scales.ts';
import { checkSelections } from './selections.ts';
import { checkSolves } from './solves.ts';

/** The properties of derivatives in float64. */
export const ON_CPU = [checkCertificates, checkKinks, checkSelections, checkIntervals, checkMemory] as const;

export const ON_EVERY_BACKEND: readonly ((load: Load, engine: () => Promise<Engine>, backend: BackendName) => void)[] =
  [checkBackends, checkScales, checkSolves, checkNeighbours, checkMonotoneLayers, checkSparseModels];
