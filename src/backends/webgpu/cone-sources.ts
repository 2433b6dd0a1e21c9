/** The WGSL sources of cones, by file: one chunk, which is loaded when a pipeline first needs one of them. */
import cones from '../../../shaders/cones.wgsl';
import semidefinite from '../../../shaders/cones-workgroup.wgsl';
import blocks from '../../../shaders/shared/cone-blocks.wgsl';
import elements from '../../../shaders/shared/cone-elements.wgsl';
import exponential from '../../../shaders/shared/cone-exponential.wgsl';
import lanes from '../../../shaders/shared/cone-lanes.wgsl';
import power from '../../../shaders/shared/cone-power.wgsl';
import secondOrder from '../../../shaders/shared/cone-second-order.wgsl';
import triple from '../../../shaders/shared/cone-triple.wgsl';
import workgroup from '../../../shaders/shared/cone-workgroup.wgsl';
import shared from '../../../shaders/shared/cones.wgsl';

export const SOURCES = {
  'cones.wgsl': cones,
  'cones-workgroup.wgsl': semidefinite,
  'shared/cone-blocks.wgsl': blocks,
  'shared/cone-elements.wgsl': elements,
  'shared/cone-exponential.wgsl': exponential,
  'shared/cone-lanes.wgsl': lanes,
  'shared/cone-power.wgsl': power,
  'shared/cone-second-order.wgsl': secondOrder,
  'shared/cone-triple.wgsl': triple,
  'shared/cone-workgroup.wgsl': workgroup,
  'shared/cones.wgsl': shared,
} as const;
