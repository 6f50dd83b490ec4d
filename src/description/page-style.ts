/**
 * The style of the page: plain, light and dark, from a telephone to a wide screen.
 */
export const style = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2127; --faint: #5a6572; --line: #dde2e8; --box: #f5f7f9;
  --link: #0b5cad; --get: #0b6b43; --post: #8a4b00; --ws: #6a3fb0; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d; --ink: #e3e8ee; --faint: #9aa7b5; --line: #2c343d;
  --box: #1c2229; --link: #7db8f5; --get: #6fd3a5; --post: #f0b266; --ws: #c3a6f5; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
a { color: var(--link); } a:focus-visible, summary:focus-visible, pre:focus-visible { outline: 2px solid var(--link); }
.skip { position: absolute; left: -100em; } .skip:focus { left: 1rem; top: .5rem; background: var(--paper); }
.frame { display: grid; grid-template-columns: 17rem minmax(0, 52rem); gap: 3rem; max-width: 76rem; margin: 0 auto;
  padding: 0 1.5rem; }
nav { position: sticky; top: 0; max-height: 100vh; overflow-y: auto; padding: 2rem 0; font-size: .9rem; }
nav h2 { margin: 1.25rem 0 .25rem; border: 0; padding: 0; color: var(--faint); font-size: .8rem; font-weight: 600; }
nav ul { list-style: none; margin: 0; padding: 0; } nav li { margin: .15rem 0; }
nav a { text-decoration: none; } nav a:hover { text-decoration: underline; }
main { padding: 2rem 0 6rem; min-width: 0; }
h1 { margin: 0 0 .5rem; font-size: 1.9rem; } h2 { margin: 3rem 0 .5rem; padding-top: 1rem; font-size: 1.4rem;
  border-top: 1px solid var(--line); } h3 { margin: 2.5rem 0 .25rem; font-size: 1.1rem; }
h4 { margin: 1.25rem 0 .25rem; font-size: .95rem; color: var(--faint); font-weight: 600; }
p { margin: .4rem 0; } ul { margin: .4rem 0; padding-left: 1.25rem; }
code, pre { font: .86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
code { background: var(--box); border-radius: 3px; padding: .1em .3em; overflow-wrap: anywhere; }
pre { margin: .5rem 0; padding: .75rem 1rem; background: var(--box); border: 1px solid var(--line); border-radius: 6px;
  overflow-x: auto; }
.address { font: 600 .95rem/1.5 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.method { display: inline-block; min-width: 3.2rem; } .GET { color: var(--get); } .POST { color: var(--post); }
.WS { color: var(--ws); } .open { color: var(--faint); font-weight: 400; }
table { width: 100%; border-collapse: collapse; margin: .4rem 0; font-size: .93rem; }
th, td { padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top;
  overflow-wrap: anywhere; } th { width: 11rem; font-weight: 400; } td td, td th { padding-right: .5rem; }
.kind, .bounds, .must { color: var(--faint); } .must { font-size: .8rem; } td ul { margin: 0; }
summary { cursor: pointer; color: var(--link); font-size: .93rem; }
footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--faint);
  font-size: .9rem; }
@media (max-width: 60rem) { .frame { display: block; } nav { position: static; max-height: none; padding-bottom: 0; }
  th { width: 38%; } }
@media print { nav { display: none; } details > * { display: block; } }
`;
