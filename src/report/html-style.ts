/** The look of the HTML report: light and dark, and black on white on paper with every page of proof opened. */

export const STYLE = `
:root { color-scheme: light dark; --line: #8884; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; padding: 2rem 1rem; }
main { max-width: 60rem; margin: auto; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
.summary { font-size: 1.1rem; margin: .25rem 0 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .5rem 0; }
dt { opacity: .7; }
table { border-collapse: collapse; } th { text-align: left; opacity: .7; font-weight: normal; } td, th { padding: .15rem 1.5rem .15rem 0; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: 4px; font-size: .85rem; white-space: pre-wrap; overflow-wrap: anywhere; }
details { border-bottom: 1px solid var(--line); padding: .3rem 0; }
summary { cursor: pointer; }
.badge { display: inline-block; min-width: 5.5em; text-align: center; font-size: .8rem; border: 1px solid; border-radius: 3px; padding: 0 .3rem; }
.failed, .reverted, .missed { color: #b3261e; } .warning, .warnings, .interrupted { color: #8a5a00; }
.passed, .mended, .met, .proven { color: #1b6e34; } .unproven, .unknown, .skipped, .blocked { color: #7b3fa0; }
@media (prefers-color-scheme: dark) {
  .failed, .reverted, .missed { color: #ff8a80; } .warning, .warnings, .interrupted { color: #ffcf66; }
  .passed, .mended, .met, .proven { color: #7ddc98; } .unproven, .unknown, .skipped, .blocked { color: #d3a6f0; }
}
mark { background: #ffe08a; color: #000; }
footer { margin-top: 2rem; opacity: .7; font-size: .9rem; }
@media print { details > *:not(summary) { display: block !important; } details::details-content { content-visibility: visible; height: auto; } }
`
