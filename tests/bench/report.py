# SPDX-License-Identifier: GPL-2.0-only
"""What `make bench` found: a plain table, and a page with plots that needs
nothing but a browser."""

import html
import statistics

FIGURES = {"tcp1": ("TCP, 1 stream", "Gbit/s", 1e-9),
           "tcp4": ("TCP, 4 streams", "Gbit/s", 1e-9),
           "rr": ("TCP_RR", "1/s", 1),
           "udp64": ("UDP, 64 bytes", "kpackets/s", 1e-3),
           "drop": ("pktgen to XDP drop", "kpackets/s", 1e-3),
           "rtt_us": ("ping round trip", "us", 1)}
MODES = {"strict": "iommu.strict=1", "lazy": "iommu.strict=0",
         "pt": "iommu=pt"}
COLORS = {"strict": "#2b6cb0", "lazy": "#63b3ed", "pt": "#a0aec0"}


def median(result, mode, figure, kind):
    """Median and half of what lies between the extremes; None: not there."""
    values = result.get(mode, {}).get(figure, {}).get(kind)
    if not values:
        return None
    return statistics.median(values), (max(values) - min(values)) / 2


def ratio(result, figure, first, second):
    """Quotient of two (mode, kind), None if one was not measured."""
    pair = [median(result, mode, figure, kind) for mode, kind in (first, second)]
    return pair[0][0] / pair[1][0] if all(pair) and pair[1][0] else None


def goals(result):
    """Name, value, what is asked for, whether it is reached."""
    ours, veth = ("strict", "emunic"), ("strict", "veth")
    asked = [(f"{FIGURES[f][0]}: emunic / veth", ratio(result, f, ours, veth),
              ">=", least) for f, least in (("tcp1", 0.8), ("tcp4", 0.8),
                                            ("udp64", 0.7))]
    asked.append(("ping round trip: emunic / igbvf",
                  ratio(result, "rtt_us", ours, ("strict", "igbvf")), "<=",
                  0.7))
    asked += [(f"{FIGURES[f][0]}: strict / passthrough",
               ratio(result, f, ours, ("pt", "emunic")), ">=", 0.85)
              for f in ("tcp1", "tcp4", "udp64")]
    for figure in ("tcp1", "tcp4", "udp64"):
        rates = result.get("strict", {}).get("rates", {}).get("emunic", {})
        if figure in rates:
            asked.append((f"{FIGURES[figure][0]}: kicks in 1000 packets",
                          statistics.median(r["kicks_per_1000"]
                                            for r in rates[figure]),
                          "<=", 5))
    return [(name, value, f"{sign} {bound}",
             value >= bound if sign == ">=" else value <= bound)
            for name, value, sign, bound in asked if value is not None]


def kinds(result):
    """Everything that was measured, in order."""
    return list(dict.fromkeys(kind for mode in result.values() for kind in mode["tcp1"]))


def table(result):
    """Text, one line for each figure and mode."""
    lines = []
    for figure, (name, unit, scale) in FIGURES.items():
        lines.append(f"{name}, {unit}")
        for mode in result:
            cells = []
            for kind in kinds(result):
                found = median(result, mode, figure, kind)
                cells.append(f"{kind} {found[0] * scale:.2f}"
                             f"±{found[1] * scale:.2f}" if found
                             else f"{kind} -")
            lines.append(f"  {mode:8}{'  '.join(cells)}")
    lines.append("Goals, VT-d strict:")
    for name, value, bound, good in goals(result):
        lines.append(f"  {name:44}{value:8.2f}  ({bound}: "
                     f"{'met' if good else 'not met'})")
    return "\n".join(lines)


def plot(result, figure):
    """Bars with their spread, as SVG."""
    name, unit, scale = FIGURES[figure]
    bars = [(kind, mode, *found) for kind in kinds(result) for mode in result
            if (found := median(result, mode, figure, kind))]
    most = max((b[2] + b[3]) * scale for b in bars) or 1
    width = 360 / most
    rows = []
    for n, (kind, mode, value, spread) in enumerate(bars):
        y, x = 30 + n * 17, value * scale * width
        half = spread * scale * width
        rows.append(f'<text x="138" y="{y + 11}" text-anchor="end">'
                    f'{html.escape(kind)} {mode}</text>'
                    f'<rect x="145" y="{y}" width="{x:.1f}" height="13" '
                    f'fill="{COLORS[mode]}"/>'
                    f'<line x1="{145 + max(0, x - half):.1f}" y1="{y + 6}" '
                    f'x2="{145 + x + half:.1f}" y2="{y + 6}" stroke="#222"/>'
                    f'<text x="{152 + x + half:.1f}" y="{y + 11}">'
                    f'{value * scale:.2f}</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="580" '
            f'height="{40 + 17 * len(bars)}" font-family="sans-serif" '
            f'font-size="11"><text x="10" y="16" font-size="13">'
            f'{html.escape(name)}, {unit}</text>{"".join(rows)}</svg>')


def page(result, about):
    """The whole report as HTML."""
    rows = "".join(f"<tr><td>{html.escape(name)}</td><td>{value:.2f}</td>"
                   f"<td>{html.escape(bound)}</td>"
                   f"<td>{'met' if good else 'not met'}</td></tr>"
                   for name, value, bound, good in goals(result))
    plots = "\n".join(plot(result, figure) for figure in FIGURES
                      if median(result, next(iter(result)), figure, "emunic"))
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>emunic bench</title>
<style>body{{font:14px sans-serif;margin:2em}}svg{{display:inline-block}}
td{{padding:2px 12px 2px 0}}pre{{font-size:12px}}</style></head><body>
<h1>emunic bench</h1><p>{html.escape(about)}</p>
<table><tr><th>VT-d strict</th><th>value</th><th>goal</th><th></th></tr>
{rows}</table>
{plots}
<pre>{html.escape(table(result))}</pre></body></html>
"""
