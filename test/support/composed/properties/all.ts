/** Every property of composed problems, on each backend to which it applies. */
import type { BackendName } from '../../../../src/backends/backend.ts';
import type { Engine } from '../../../../src/tensor/engine.ts';
import type { Load } from '../property.ts';
import { backends } from './backends.ts';
import { certificates } from './certificates.ts';
import { intervals } from './intervals.ts';
import { kinks } from './kinks.ts';
import { sparseModels } from './lasso.ts';
import { memory } from './memory.ts';
import { monotoneLayers } from './monotone.ts';
import { neighbours } from './neighbours.ts';
import { scales } from './scales.ts';
import { selections } from './selections.ts';
import { solves } from './solves.ts';

/** The properties of derivatives in float64. */
export const ON_CPU = [certificates, kinks, selections, intervals, memory] as const;

export const ON_EVERY_BACKEND: readonly ((load: Load, engine: () => Promise<Engine>, backend: BackendName) => void)[] =
  [backends, scales, solves, neighbours, monotoneLayers, sparseModels];
