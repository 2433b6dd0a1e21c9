import { Markup } from '../../pictures/markup.ts';

/**
 * The style of all reports. Blue and vermilion (M. Okabe, K. Ito, "Color Universal Design", 2008) can be distinguished
 * with every kind of colour vision; the second curve is also dashed.
 */
export const STYLE = new Markup(`
:root {
  --paper: #f6f7f9; --surface: #ffffff; --ink: #1b2330; --quiet: #566173; --line: #dde2ea;
  --first: #0067a8; --second: #c04a00; --strength: 1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #11151b; --surface: #1a2029; --ink: #e6eaf0; --quiet: #9aa6b7; --line: #303947;
    --first: #5cb8f0; --second: #f0964a; --strength: .65;
  }
}
* { box-sizing: border-box; }
body { margin: 0; overflow-wrap: break-word; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 0 0 .75rem; font-size: 1.2rem; }
h3 { margin: 0; font-size: 1rem; }
.brand { margin: 0 0 .25rem; color: var(--first); font-weight: 600; letter-spacing: .04em; }
.quiet { color: var(--quiet); font-size: .85rem; }
section, .summary > div { background: var(--surface); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; min-width: 0; }
section { margin-top: 1rem; }
.summary { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 1rem; margin: 1.5rem 0 0; }
.summary dt { color: var(--quiet); font-size: .9rem; }
.summary dd { margin: 0; }
.summary b { display: block; font-size: 1.75rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.5rem; align-items: end; }
.charts + .table { margin-top: 1.25rem; }
.charts.three text { font-size: 15px; }
.charts.three { grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); }
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
.curve.quiet { stroke: var(--quiet); stroke-width: 1.5; stroke-dasharray: 2 4; }
.curve.thin { stroke-width: 1; stroke-dasharray: none; }
.tangent { fill: none; stroke-width: 2; stroke-linecap: round; }
.tangent.second { stroke: var(--second); }
.area { stroke: none; }
.area.first { fill: color-mix(in srgb, var(--first) 25%, var(--surface)); }
.area.second { fill: color-mix(in srgb, var(--second) 25%, var(--surface)); }
.mark.quiet { fill: var(--ink); }
.mark.first { fill: var(--first); }
.dot { fill: var(--first); fill-opacity: .45; }
.mark.second { fill: var(--surface); stroke: var(--second); stroke-width: 1.75; }
.chart .label { fill: var(--ink); }
.lead { font-size: 1.1rem; max-width: 52rem; }
.formula { margin: 0 0 1rem; font-family: Cambria, "STIX Two Text", Georgia, serif; font-size: 1.15rem; overflow-wrap: anywhere; }
.account { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); gap: 1rem 2rem; margin: 1.25rem 0; }
.account p { margin: .3rem 0 0; }
.certificate { color: var(--first); }
a { color: var(--first); }
nav ol { padding-left: 1.25rem; }
pre { overflow-x: auto; font-size: .85rem; line-height: 1.45; }
details { margin-top: 1rem; }
summary { cursor: pointer; color: var(--first); }
.wide { overflow-x: auto; }
.wide:focus-visible, summary:focus-visible, pre:focus-visible { outline: 2px solid var(--first); outline-offset: 2px; border-radius: .25rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
.table { margin: 0; }
.table figcaption { margin-top: .6rem; color: var(--quiet); font-size: .85rem; }
th, td { padding: .3rem .6rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { color: var(--quiet); font-weight: 600; }
.number { text-align: right; }
td.words { white-space: normal; min-width: 20rem; }
tbody th.words { white-space: normal; min-width: 9rem; }
.bar { display: inline-block; width: 3.5rem; height: .45rem; margin-right: .6rem; border-radius: .25rem; vertical-align: middle;
  background: linear-gradient(to right, var(--first) var(--share), var(--line) var(--share)); }
.bar.negative { background: linear-gradient(to right, var(--second) var(--share), var(--line) var(--share)); }
.warnings { border-color: var(--second); }
.warnings ul { margin: 0; padding-left: 1.25rem; }
.share { display: inline-block; min-width: 4.2em; }
.share.long { min-width: 5.8em; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 1rem; align-items: start; }
table:has(.matrix) { border-collapse: separate; border-spacing: 2px; }
.matrix th, .matrix td { border: 0; padding: .35rem .3rem; min-width: 2.2rem; text-align: center; border-radius: .25rem; }
tbody.matrix th { text-align: right; padding-right: .5rem; }
thead.matrix th { color: var(--ink); }
.matrix .none { color: var(--quiet); }
.matrix .right { background: color-mix(in srgb, var(--first) calc(var(--shade) * var(--strength)), var(--surface)); }
.matrix .wrong { background: color-mix(in srgb, var(--second) calc((12% + var(--shade)) * var(--strength)), var(--surface)); font-weight: 600; }
.key { padding: .05rem .45rem; border-radius: .25rem; color: var(--ink); }
.key.right { background: color-mix(in srgb, var(--first) calc(50% * var(--strength)), var(--surface)); }
.key.wrong { background: color-mix(in srgb, var(--second) calc(40% * var(--strength)), var(--surface)); }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)); gap: 1rem .75rem; margin: 0; padding: 0; list-style: none; }
.gallery li { display: flex; flex-direction: column; align-items: flex-start; line-height: 1.35; overflow-wrap: anywhere; }
.gallery img { image-rendering: pixelated; border: 1px solid var(--line); border-radius: .3rem; margin-bottom: .3rem; background: #000; }
.answer { color: var(--second); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.25rem 2rem; }
.facts dl { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; margin: .4rem 0 0; font-size: .9rem; }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  main { padding: 1.25rem 1rem 3rem; }
  section, .summary > div { padding: 1rem; }
  .summary { gap: .75rem; }
  .summary b { font-size: 1.45rem; }
  .chart text { font-size: 15px; }
  th, td { padding: .3rem .4rem; }
  .bar { display: none; }
}
@media print { body { background: none; } section { break-inside: avoid; } }
`);
