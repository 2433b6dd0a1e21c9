// The rooms, top to bottom. A file imports only from its own room and from rooms below it.
const rooms = [
  ['demo', '^demo/'],
  ['bench', '^bench/'],
  ['examples', '^examples/'],
  ['cli', '^src/cli/'],
  ['gallery', '^src/gallery/'],
  ['public face', '^src/index[.]ts$'],
  ['train', '^src/train/'],
  ['layers', '^src/layers/'],
  ['implicit', '^src/implicit/'],
  ['autodiff', '^src/autodiff/'],
  ['solvers', '^src/solvers/'],
  ['tensor', '^src/tensor/'],
  ['program', '^src/program/'],
  ['backends', '^src/backends/'],
  ['data', '^src/data/'],
  ['pictures', '^src/pictures/'],
  ['arguments', '^src/arguments/'],
];

const paths = rooms.map(([, path]) => path);

/** demo and bench stand side by side on top; every other room is below the room before it. */
const TOP = 2;
const above = (index) =>
  index < TOP ? paths.slice(0, TOP).filter((path) => path !== paths[index]) : paths.slice(0, index);

const directions = rooms.map(([name, path], index) => ({
  name: `${name.replace(' ', '-')}-imports-downwards`,
  comment: `${name} imports only from its own room and from rooms below it`,
  severity: 'error',
  from: { path },
  to: { path: above(index) },
}));

module.exports = {
  forbidden: [
    ...directions,
    {
      name: 'every-file-has-a-room',
      comment: 'a source file belongs to one of the rooms, so that its imports are checked',
      severity: 'error',
      from: { path: '^src/', pathNot: [...paths, '^src/text-modules[.]d[.]ts$'] },
      to: {},
    },
    {
      name: 'no-file-without-a-room',
      comment: 'a source file belongs to one of the rooms, so that its imports are checked',
      severity: 'error',
      from: { path: paths },
      to: { path: '^src/', pathNot: paths },
    },
    {
      name: 'shaders-only-by-webgpu',
      comment: 'only the WebGPU backend reads shaders',
      severity: 'error',
      from: { pathNot: '^src/backends/webgpu/' },
      to: { path: '^shaders/' },
    },
    {
      name: 'kernels-only-by-gpujs',
      comment: 'only the gpu.js backend reads its kernels',
      severity: 'error',
      from: { pathNot: '^src/backends/gpujs/' },
      to: { path: '^kernels/' },
    },
    {
      name: 'webgpu-is-private',
      comment: 'no other backend imports from the WebGPU backend: where there is none, nothing of it is loaded',
      severity: 'error',
      from: { path: '^src/backends/(cpu|wasm|gpujs)/' },
      to: { path: '^src/backends/webgpu/' },
    },
    {
      name: 'oracle-stands-alone',
      comment: 'the CPU backend and the WebGPU backend judge each other, so they share no code of any backend',
      severity: 'error',
      from: { path: '^src/backends/(cpu|webgpu)/' },
      to: { path: '^src/backends/(cpu|webgpu|wasm|gpujs)/', pathNot: '^src/backends/$1/' },
    },
    {
      name: 'product-knows-no-tests',
      comment: 'nothing that is shipped imports from test/',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
    {
      name: 'no-circles',
      comment:
        'no file imports itself, directly or through others; a circle that types alone close is gone at run time',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'every-import-resolves',
      comment: 'an import that leads nowhere would escape the other rules',
      severity: 'error',
      from: {},
      to: {
        couldNotResolve: true,
        pathNot: '^(webgpu|gpu[.]js|assemblyscript|@jax-js/jax|scs-solver|highs|@tensorflow/[^/]+)($|/)',
      },
    },
  ],
  options: {
    exclude: { path: '(^|/)dist/' },
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
