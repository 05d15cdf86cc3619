"""A real Chromium for the tests of pages: how it is started, what it draws, and whether that can be read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium")
CONTRAST = """() => {
  // A colour of any notation as numbers, by painting it.
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const linear = (v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = (c) => { const [r, g, b] = c.map((v) => linear(v / 255)); return .2126 * r + .7152 * g + .0722 * b };
  const found = [];
  for (const element of document.querySelectorAll('body *:not(script)')) {
    const text = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!text || !element.checkVisibility() || element.closest('title')) continue;
    let under = element;
    while (under && getComputedStyle(under).backgroundColor === 'rgba(0, 0, 0, 0)') under = under.parentElement;
    const style = getComputedStyle(element);
    const own = element.namespaceURI.includes('svg') ? style.fill : style.color;
    const one = light(rgb(own)), other = light(rgb(under ? getComputedStyle(under).backgroundColor : 'white'));
    const ratio = (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
    if (ratio < 4.5) found.push([element.tagName, element.className.baseVal ?? element.className, own, ratio]);
  }
  return found;
}"""
"""Every piece of text whose contrast is below WCAG's AA."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("NO PAGE IS TESTED IN A BROWSER: no chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def screenshot(page: Page, folder: Path, name: str) -> None:
    kept = Path(os.environ.get("EM_SCREENSHOTS", folder))
    kept.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=kept / f"{name}.png", full_page=True)
    assert (kept / f"{name}.png").stat().st_size > 10_000
