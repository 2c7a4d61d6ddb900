"""Charts as inline SVG, without styles of their own: `pages.css` styles their classes."""

from xml.etree.ElementTree import Element, tostring

from markupsafe import Markup

WIDE, SMALL = (640, 190), (400, 160)
MARGIN = 0.05  # of the width: the library's own margin, most of which the view box cuts off
LABELS = 7  # at most on an axis, so that they do not overlap


def find_step(top: int) -> int:
    """Return the step of an axis up to `top`, of at most five: 1, 2 or 5, also with zeros."""
    size: int = 10 ** (len(str(top)) - 1)  # of the first digit
    return next(step for step in (max(1, size // 5), size // 2, size, 2 * size) if top <= 5 * step)


def columns(name: str, points: list[tuple[str, int]], *, small: bool = False) -> Markup:
    """Draw a column for each point, which is a label and a number.

    `name` describes the chart to screen readers.
    """
    import leather  # noqa: PLC0415 - a server starts without it

    chart = leather.Chart()
    chart.add_columns(points, fill_color="currentColor")
    every = -(-len(points) // (LABELS // 2 if small else LABELS))
    chart.add_x_axis(ticks=[label for label, _ in points[::-every]][::-1])
    top = max([number for _, number in points] or [0])
    step = find_step(top)
    highest = step * max(1, -(-top // step))
    chart.add_y_scale(0, highest)
    chart.add_y_axis(ticks=list(range(0, highest + 1, step)))
    width, height = SMALL if small else WIDE
    left = MARGIN * width
    box = f"{left:g} {left - 8:g} {width - left - 8:g} {height - 2 * left + 12:g}"
    svg = Element("svg", {"viewBox": box, "class": "chart", "role": "img", "aria-label": name})
    svg.append(chart.to_svg_group(width, height))
    return Markup(tostring(svg, encoding="unicode"))
