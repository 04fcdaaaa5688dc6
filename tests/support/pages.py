"""The text of an HTML page, without its tags."""

from __future__ import annotations

import re
from html import unescape

from sim.experiments.sensitivity import figures as figures


def text_of(path):
    page = path.read_text(encoding="utf-8")
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.S))).split())
