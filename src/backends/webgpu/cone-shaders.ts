/** The shaders of cones. They are not among SHADERS, because pages that train do without them. */
import { CONE_TYPES } from '../cone-kernels.ts';
import type { SOURCES } from './cone-sources.ts';
import { FUNCTIONS, NUMBERS, type Shader, type ShaderPart } from './shaders.ts';

function part(file: keyof typeof SOURCES): ShaderPart {
  return {
    file,
    get text() {
      return import('./cone-sources.ts').then(({ SOURCES }) => SOURCES[file]);
    },
  };
}

const COMMON = [NUMBERS, FUNCTIONS, part('shared/cones.wgsl')];
const ELEMENTS = [part('shared/cone-elements.wgsl')];
const BLOCKS = part('shared/cone-blocks.wgsl');
const TRIPLE = [BLOCKS, part('shared/cone-triple.wgsl')];
const BY_TYPE: Readonly<Record<string, readonly ShaderPart[]>> = {
  soc: [BLOCKS, part('shared/cone-second-order.wgsl')],
  exp: [...TRIPLE, part('shared/cone-exponential.wgsl')],
  expdual: [...TRIPLE, part('shared/cone-exponential.wgsl')],
  pow: [...TRIPLE, part('shared/cone-power.wgsl')],
  powdual: [...TRIPLE, part('shared/cone-power.wgsl')],
};

const BINDINGS = { hasSizes: true, hasGuard: true, operands: 4 } as const;

/** By name. OPERATION is the place of the type in CONE_TYPES. */
export const CONE_SHADERS = {
  cones: {
    ...BINDINGS,
    parts: [...COMMON, ({ OPERATION = 0 }) => BY_TYPE[CONE_TYPES[OPERATION]] ?? ELEMENTS, part('cones.wgsl')],
  },
  'cones-workgroup': {
    ...BINDINGS,
    parts: [
      ...[...COMMON, BLOCKS],
      ({ THREADS = 1 }) => [part(THREADS > 1 ? 'shared/cone-workgroup.wgsl' : 'shared/cone-lanes.wgsl')],
      part('cones-workgroup.wgsl'),
    ],
  },
} as const satisfies Record<string, Shader>;
