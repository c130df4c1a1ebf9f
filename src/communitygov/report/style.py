"""The look of a report's page: one sheet of CSS, written into the page, naming nothing outside it."""

from __future__ import annotations

from communitygov.report.drawing import FONT

__all__ = ["CSS"]

CSS = f"""
:root{{--ink:#22313a;--quiet:#66757f;--line:#e3e8eb;--soft:#f5f7f8;--accent:#0b6e99;color-scheme:light}}
*{{box-sizing:border-box}}
body{{margin:0;background:#fff;color:var(--ink);font:16px/1.65 {FONT};-webkit-text-size-adjust:100%}}
main{{max-width:1020px;margin:0 auto;padding:0 24px 64px}}
header{{padding:44px 0 8px}}
h1{{font-size:2rem;line-height:1.25;margin:0 0 .3em;letter-spacing:-.01em}}
h2{{font-size:1.3rem;margin:2.6em 0 .5em;padding-top:.2em}}
h3{{font-size:1.02rem;margin:1.6em 0 .4em}}
p{{margin:.4em 0 .8em;max-width:46em}}
a{{color:var(--accent)}}
.quiet,figcaption,.about{{color:var(--quiet)}}
.other{{float:right;font-size:.9rem;margin-top:.6em}}
nav{{display:flex;flex-wrap:wrap;gap:.2em 1.2em;font-size:.9rem;border-bottom:1px solid var(--line);padding-bottom:10px}}
nav a{{text-decoration:none}}
.sides{{display:grid;grid-template-columns:repeat(auto-fit,minmax(240px,1fr));gap:16px;margin:26px 0 8px}}
.side{{border:1px solid var(--line);border-top:5px solid var(--c);border-radius:8px;padding:14px 18px 12px;display:flex;flex-direction:column}}
.side h3{{margin:0;font-size:1rem;line-height:1.4}}
.side .big{{font-size:2.7rem;font-weight:650;line-height:1.15;color:var(--c);font-variant-numeric:tabular-nums}}
.side .big small{{display:block;font-size:.9rem;line-height:1.5;font-weight:400;color:var(--quiet)}}
.side p{{font-size:.88rem;color:var(--quiet);margin:.3em 0 .9em;line-height:1.5}}
.side h4{{margin:auto 0 .2em;border-top:1px solid var(--line);padding-top:.6em;font-size:.8rem;font-weight:400;color:var(--quiet)}}
.side dl{{margin:0;display:grid;grid-template-columns:1fr auto;gap:.1em .8em;font-size:.88rem}}
.side dd{{margin:0;text-align:right;font-weight:650;font-variant-numeric:tabular-nums}}
figure{{margin:10px 0 0}}
figure svg{{display:block;width:100%}}
figcaption{{font-size:.88rem;margin-top:2px;max-width:52em}}
.tables{{display:grid;grid-template-columns:repeat(auto-fit,minmax(430px,1fr));gap:0 36px}}
.tables section{{min-width:0}}
.tables .wide{{grid-column:1/-1}}
.tables table{{width:100%;font-size:.86rem}}
.tables th.n{{white-space:normal}}
.tables .wide table{{width:auto;font-size:.92rem}}
.tables .wide th,.tables .wide td{{padding-right:1.6em}}
.scroll{{overflow-x:auto}}
table{{border-collapse:collapse;font-size:.92rem;min-width:50%;margin:.4em 0 .8em}}
th,td{{padding:.32em .9em .32em 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}}
th{{font-weight:600;color:var(--quiet);font-size:.84rem;vertical-align:bottom}}
th.n,td.n{{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}}
tbody tr:hover{{background:var(--soft)}}
code{{font:.86em/1.5 ui-monospace,SFMono-Regular,Consolas,"Noto Sans Mono CJK SC",monospace;overflow-wrap:anywhere}}
del{{color:var(--quiet)}}
ins{{text-decoration:none;font-weight:650}}
.clause{{font-size:.78rem;border:1px solid var(--line);background:var(--soft);border-radius:9px;padding:.05em .55em;white-space:nowrap}}
blockquote{{margin:.2em 0 .3em;padding-left:.8em;border-left:3px solid var(--line);color:var(--quiet);font-size:.92rem}}
.dot{{display:inline-block;width:.7em;height:.7em;border-radius:50%;background:var(--c);margin-right:.45em}}
details{{border-bottom:1px solid var(--line);padding:.35em 0}}
summary{{cursor:pointer}}
summary .count{{color:var(--quiet);font-size:.88rem}}
ul{{margin:.3em 0 .6em;padding-left:1.3em}}
li.chosen{{font-weight:600}}
li.chosen p{{font-weight:400}}
.tag{{font-size:.76rem;color:#fff;background:var(--accent);border-radius:8px;padding:.05em .55em;margin-left:.4em;font-weight:400}}
footer{{margin-top:3em;border-top:1px solid var(--line);padding-top:1em;font-size:.86rem;color:var(--quiet)}}
footer dl{{display:grid;grid-template-columns:max-content 1fr;gap:.15em 1.2em;margin:0}}
footer dd{{margin:0;overflow-wrap:anywhere}}
@media print{{nav,.other{{display:none}}details{{break-inside:avoid}}figure{{break-inside:avoid}}main{{max-width:none}}}}
@media (max-width:640px){{.tables{{display:block}}h1{{font-size:1.5rem}}main{{padding:0 14px 40px}}}}
""".strip()
