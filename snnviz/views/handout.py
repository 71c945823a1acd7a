"""HTML of a page to print: a title, a text, and a link in letters and as a QR code."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from snnviz.views.qr import qr_svg

STYLE = """
  :root { color-scheme: light; }
  body { margin: 0 auto; max-width: 40rem; padding: 2.5rem 1.5rem; color: #111; background: #fff;
    font: 1.05rem/1.5 system-ui, sans-serif; }
  h1 { margin: 0; font-size: 2rem; line-height: 1.2; }
  p { margin: 0.8rem 0; }
  .link { overflow-wrap: anywhere; font: 600 1.15rem/1.4 ui-monospace, monospace; }
  .long { font-size: 0.8rem; font-weight: 400; }
  svg { display: block; width: 15rem; max-width: 100%; margin: 1.5rem 0 1.5rem -0.5rem; }
  .how { color: #555; }
  footer { margin-top: 2rem; border-top: 1px solid #bbb; padding-top: 0.6rem; color: #555; font-size: 0.85rem; }
  @media print {
    @page { margin: 2cm; }
    body { max-width: none; padding: 0; }
    .how { display: none; }
    p, svg { break-inside: avoid; }
  }
"""

LONG = 120
"""Letters of a link from which it is set small, as nobody types it."""


def handout(title: str, link: str, words: Sequence[str] = ()) -> str:
    """Returns an HTML page to print. `words`: paragraphs between title and link. All of it is shown as text."""
    said = "".join(f"<p>{escape(one)}</p>" for one in words if one)
    size = "link long" if len(link) > LONG else "link"
    code = qr_svg(link) or "<p>The link is too long for a QR code.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        f'<h1>{escape(title)}</h1>{said}<p>Open this address, or scan the code:</p><p class="{size}">{escape(link)}</p>'
        f'{code}<p class="how">Print this page with your browser (Ctrl+P).</p></main>'
        "<footer>snnviz: spiking neural networks in the browser</footer></body></html>"
    )
