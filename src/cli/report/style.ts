import { Markup } from './markup.ts';

/**
 * Blue and vermilion (M. Okabe, K. Ito, "Color Universal Design", 2008) are told apart with every kind of colour vision;
 * the second curve is dashed besides.
 */
export const STYLE = new Markup(`
:root {
  --paper: #f6f7f9; --surface: #ffffff; --ink: #1b2330; --quiet: #566173; --line: #dde2ea;
  --first: #0067a8; --second: #c04a00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #11151b; --surface: #1a2029; --ink: #e6eaf0; --quiet: #9aa6b7; --line: #303947;
    --first: #5cb8f0; --second: #f0964a;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 0 0 .75rem; font-size: 1.2rem; }
h3 { margin: 0; font-size: 1rem; }
.brand { margin: 0 0 .25rem; color: var(--first); font-weight: 600; letter-spacing: .04em; }
.quiet { color: var(--quiet); font-size: .85rem; }
section, .summary > div { background: var(--surface); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; }
section { margin-top: 1rem; min-width: 0; }
.summary { display: grid; grid-template-columns: repeat(auto-fit, minmax(12.5rem, 1fr)); gap: 1rem; margin: 1.5rem 0 0; }
.summary dt { color: var(--quiet); font-size: .9rem; }
.summary dd { margin: 0; }
.summary b { display: block; font-size: 1.75rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.5rem; }
.chart { margin: 0; min-width: 0; }
.chart figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .1rem 1rem; }
.chart > svg { display: block; width: 100%; height: auto; margin-top: .4rem; }
.chart text { fill: var(--quiet); font-size: 12px; font-variant-numeric: tabular-nums; }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; margin: 0; padding: 0; list-style: none; font-size: .9rem; }
.swatch { width: 28px; height: 8px; margin-right: .4rem; vertical-align: middle; }
.grid { stroke: var(--line); stroke-width: 1; fill: none; }
.curve { fill: none; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round; }
.curve.first { stroke: var(--first); }
.curve.second { stroke: var(--second); stroke-dasharray: 6 4.5; }
.mark.first { fill: var(--first); }
.mark.second { fill: var(--surface); stroke: var(--second); stroke-width: 1.75; }
details { margin-top: 1rem; }
summary { cursor: pointer; color: var(--first); }
.wide { overflow-x: auto; }
.wide:focus-visible, summary:focus-visible { outline: 2px solid var(--first); outline-offset: 2px; border-radius: .25rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; padding-top: .6rem; color: var(--quiet); font-size: .85rem; text-align: left; }
th, td { padding: .3rem .6rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { color: var(--quiet); font-weight: 600; }
.number { text-align: right; }
.bar { display: inline-block; width: 3.5rem; height: .45rem; margin-right: .6rem; border-radius: .25rem; vertical-align: middle;
  background: linear-gradient(to right, var(--first) var(--share), var(--line) var(--share)); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 1rem; align-items: start; }
.matrix { border-collapse: separate; border-spacing: 2px; }
.matrix th, .matrix td { border: 0; padding: .35rem .3rem; min-width: 2.2rem; text-align: center; border-radius: .25rem; }
.matrix tbody th { text-align: right; padding-right: .5rem; }
.matrix thead th { color: var(--ink); }
.matrix .none { color: var(--quiet); opacity: .55; }
.matrix .right { background: color-mix(in srgb, var(--first) var(--shade), var(--surface)); }
.matrix .wrong { background: color-mix(in srgb, var(--second) calc(12% + var(--shade)), var(--surface)); font-weight: 600; }
.key { padding: .05rem .45rem; border-radius: .25rem; color: var(--ink); }
.key.right { background: color-mix(in srgb, var(--first) 50%, var(--surface)); }
.key.wrong { background: color-mix(in srgb, var(--second) 40%, var(--surface)); }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)); gap: 1rem .75rem; margin: 0; padding: 0; list-style: none; }
.gallery li { display: flex; flex-direction: column; align-items: flex-start; line-height: 1.35; overflow-wrap: anywhere; }
.gallery img { image-rendering: pixelated; border: 1px solid var(--line); border-radius: .3rem; margin-bottom: .3rem; background: #000; }
.answer { color: var(--second); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); gap: 1.25rem 2rem; }
.facts dl { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; margin: .4rem 0 0; font-size: .9rem; }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
@media print { body { background: none; } section { break-inside: avoid; } }
`);
