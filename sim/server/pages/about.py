"""The page of an agent: its balance sheet, who paid it and whom it paid, and its history."""
from __future__ import annotations
from typing import Any
import dash
from dash import html
def layout(said: dict[str, str]) -> Any:
    return html.Div()
def callbacks(app: dash.Dash) -> None:
    return None
