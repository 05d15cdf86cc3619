"""Vega's SVG made small and fit to stand in the page: classes of colour, titles to hover, links to transcripts."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

_SVG = "{http://www.w3.org/2000/svg}"
_USELESS = {"pointer-events", "aria-roledescription", "stroke-miterlimit", "font-family", "version"}
_DEFAULTS = {"opacity": "1", "stroke-width": "1", "fill-opacity": "1"}
_PLACE = re.compile(r"translate\((-?[\d.]+),(-?[\d.]+)\)")
_CIRCLE = re.compile(r"M(-?[\d.]+),0A\1,\1,0,1,1,-\1,0A\1,\1,0,1,1,\1,0(?:Z|$)")
_LONG = re.compile(r"\d+\.\d{2,}")
LINK = re.compile(r"(#[ab]-[a-z0-9.-]+) (.*)", re.DOTALL)
"""The description of a mark that leads somewhere: the address of a transcript, a space, what it says."""


def tidy(drawn: str, title: str) -> str:
    """The SVG without what a reader cannot see; `title` is its name for a screen reader.

    The description of a mark becomes its title, and a link if it begins with an address (`LINK`).
    """
    root = ElementTree.fromstring(drawn)
    _clean(root)
    for old in [child for child in root if child.get("fill") == "white"]:
        root.remove(old)
    root.set("role", "img")
    root.set("aria-label", title)
    ElementTree.register_namespace("", _SVG.strip("{}"))
    return ElementTree.tostring(root, encoding="unicode")


def _clean(parent: Any) -> None:
    for place, child in reversed(list(enumerate(parent))):
        _clean(child)
        if child.get("display") == "none" or (child.get("class") == "background" and child.get("stroke") is None):
            parent.remove(child)
            continue
        told = child.attrib.pop("aria-label", None)
        marked = child.attrib.pop("role", None) == "graphics-symbol" and child.tag == f"{_SVG}path"
        for name in [*_USELESS, *(key for key, value in _DEFAULTS.items() if child.get(key) == value)]:
            child.attrib.pop(name, None)
        child.attrib.pop("aria-hidden", None)
        if child.get("class", "").startswith("mark-") or child.get("class") == "background":
            del child.attrib["class"]
        for name, value in child.attrib.items():
            child.set(name, _LONG.sub(lambda found: f"{float(found[0]):.1f}", value))
        if child.tag == f"{_SVG}g" and not len(child) and not child.text:
            parent.remove(child)
        elif marked and told:
            parent[place] = _titled(child, told)


def _titled(mark: Any, told: str) -> Any:
    link = LINK.fullmatch(told)
    round_ = _CIRCLE.match(mark.get("d", ""))
    at = _PLACE.fullmatch(mark.get("transform", ""))
    if round_ and at:
        kept = {key: value for key, value in mark.attrib.items() if key not in ("d", "transform")}
        mark = ElementTree.Element(f"{_SVG}circle", {"cx": at[1], "cy": at[2], "r": round_[1], **kept})
    title = ElementTree.SubElement(mark, f"{_SVG}title")
    title.text = link[2] if link else told
    if not link:
        return mark
    # Thousands of dots are no stops for the Tab key: the list of transcripts is the keyboard's way to them.
    anchor = ElementTree.Element(f"{_SVG}a", {"href": link[1], "tabindex": "-1"})
    anchor.append(mark)
    return anchor
