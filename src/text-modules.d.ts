/** Shaders, kernels and tables are imported as text; the bundler and the test runner replace them by their contents. */
declare module '*.wgsl' {
  const text: string;
  export default text;
}

declare module '*.csv' {
  const text: string;
  export default text;
}

declare module '*.js' {
  const text: string;
  export default text;
}

declare module '*.glsl' {
  const text: string;
  export default text;
}
