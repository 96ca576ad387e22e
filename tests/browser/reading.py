"""Reading what the page shows where a locator alone cannot."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

PLACES = """
(paragraph) => {
  const places = []
  let before = ''
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) before += node.data
    else if (node.classList?.contains('markers'))
      places.push([before, [...node.children].map((child) => child.textContent)])
    else node.childNodes.forEach(walk)
  }
  walk(paragraph)
  return places
}
"""

LOADED = """
(media) => new Promise((resolve, reject) => {
  const done = () => resolve(media.duration)
  media.addEventListener('error', () => reject(new Error('not loaded')))
  media.readyState > 0 ? done() : media.addEventListener('loadedmetadata', done)
})
"""

SOUGHT = """
(media, to) => new Promise((resolve) => {
  media.addEventListener('seeked', () => resolve(media.currentTime), { once: true })
  media.currentTime = to
})
"""


def cited_places(paragraph: Locator) -> list[tuple[str, list[str]]]:
    """For each group of markers: the words before it, and the numbers it shows."""
    return [(before, numbers) for before, numbers in paragraph.evaluate(PLACES)]


def is_drawn(picture: Locator) -> bool:
    """Whether a picture came and has pixels."""
    expect(picture).to_be_visible()
    return bool(picture.evaluate("async (img) => (await img.decode(), img.naturalWidth > 0)"))


def duration_s(player: Locator) -> float:
    """How long a sound or video is, once its beginning was read."""
    return float(player.evaluate(LOADED))


def seek(player: Locator, to_s: float) -> float:
    """Where the player stands after it was sent there."""
    return float(player.evaluate(SOUGHT, to_s))


def stored_by(page: Page) -> dict[str, Any]:
    """Everything a browser keeps for the page, and what the page shows."""
    held: dict[str, Any] = page.evaluate(
        """async () => ({
          local: { ...localStorage },
          session: { ...sessionStorage },
          databases: await indexedDB.databases(),
          caches: await caches.keys(),
          cookies: document.cookie,
          fields: [...document.querySelectorAll('input, textarea')].map((field) => field.value),
        })"""
    )
    return held | {"page": page.content(), "address": page.url}
