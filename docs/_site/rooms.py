"""Draw the rooms of the package and what they import: `python docs/_site/rooms.py` writes docs/images/rooms.svg.

A row is a room with what it holds; the dots in it are the rooms that it imports. Dots on one side of the diagonal
alone mean that imports point one way.
"""

import ast
from html import escape
from pathlib import Path

TOP = Path(__file__).parents[2]
PICTURE = TOP / "docs" / "images" / "rooms.svg"
ROOMS = (
    "errors",
    "economy",
    "scenario",
    "opening",
    "engine",
    "runs",
    "analysis",
    "report",
    "experiments",
    "server",
    "cli",
    "studies",
)
"""In the order in which a dollar travels; `studies` is not shipped."""
STEP, LEFT, RIGHT, ABOVE, BELOW = 30, 470, 20, 96, 12


def main():
    """Write the picture."""
    PICTURE.write_text(picture(), encoding="utf-8")


def picture():
    """Return the picture as SVG."""
    imported, size = imports(), STEP * len(ROOMS)
    width, height = LEFT + size + RIGHT, ABOVE + size + BELOW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"',
        f'     width="{width}" height="{height}" font-family="system-ui, sans-serif" font-size="13">',
        "<title>The rooms of the package, and which imports which</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for row, room in enumerate(ROOMS):
        middle = ABOVE + row * STEP + STEP / 2
        if row % 2:
            top = ABOVE + row * STEP
            parts.append(f'<rect x="0" y="{top}" width="{width}" height="{STEP}" fill="#f4f4f2"/>')
        parts.append(f'<text x="12" y="{middle + 5}" font-weight="600" fill="#222222">{room}</text>')
        parts.append(f'<text x="122" y="{middle + 5}" font-size="12" fill="#555555">{escape(meaning(room))}</text>')
        place = LEFT + row * STEP + STEP / 2
        parts.append(f'<text transform="translate({place + 4} {ABOVE - 8}) rotate(-60)" fill="#222222">{room}</text>')
        corner = f'x="{LEFT + row * STEP + 11}" y="{middle - 4}"'
        parts.append(f'<rect {corner} width="8" height="8" fill="#cccccc"/>')
        for column, other in enumerate(ROOMS):
            if other in imported[room]:
                at = f'cx="{LEFT + column * STEP + STEP / 2}" cy="{middle}"'
                parts.append(f'<circle {at} r="6" fill="#1f6f8b"><title>{room} imports {other}</title></circle>')
    return "\n".join([*parts, "</svg>", ""])


def meaning(room):
    """Return what a room holds: the first line of its docstring, up to the first list of examples."""
    line = (ast.get_docstring(ast.parse(source(room).read_text(encoding="utf-8"))) or "").splitlines()[0]
    return line.partition(":")[0].rstrip(".")


def source(room):
    """Return the file that says what a room holds."""
    folder = TOP / room if room == "studies" else TOP / "sim" / room
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


def imports():
    """Return the rooms that each room imports from."""
    imported = {}
    for room in ROOMS:
        file = source(room)
        files = file.parent.rglob("*.py") if file.name == "__init__.py" else (file,)
        trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
        imported[room] = {room_of(node) for tree in trees for node in ast.walk(tree)} - {None, room}
    return imported


def room_of(node):
    """Return the room that an import statement imports from, if it is one of ours."""
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    for name in names:
        first, _, rest = name.partition(".")
        room = rest.partition(".")[0] if first == "sim" else first
        if room in ROOMS and first in ("sim", "studies"):
            return room
    return None


if __name__ == "__main__":
    main()
