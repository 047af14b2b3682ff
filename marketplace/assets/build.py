"""Browser assets: css parts joined, scripts, icons and the PDF fonts copied from npm packages, into marketplace/static.

`python -m marketplace.assets.build` after `npm ci`. Nothing is minified: the style sheet is small, and what a
browser shows is what the repository holds.
"""

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
STATIC = HERE.parent / "static"
MODULES = ROOT / "node_modules"
FONT = MODULES / "@expo-google-fonts" / "noto-sans-sc"
COPIED = {
    MODULES / "htmx.org" / "dist" / "htmx.min.js": "htmx.min.js",
    FONT / "400Regular" / "NotoSansSC_400Regular.ttf": "fonts/NotoSansSC-Regular.ttf",
    FONT / "700Bold" / "NotoSansSC_700Bold.ttf": "fonts/NotoSansSC-Bold.ttf",
    FONT / "LICENSE_FONT": "fonts/OFL.txt",
}


def build() -> None:
    """Write marketplace/static afresh. Raises FileNotFoundError naming the npm package file that is missing."""
    STATIC.mkdir(exist_ok=True)
    for source, name in COPIED.items():
        target = STATIC / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    styles = [path.read_text(encoding="utf-8") for path in sorted((HERE / "css").glob("*.css"))]
    (STATIC / "app.css").write_text("\n".join(styles), encoding="utf-8")
    for script in sorted((HERE / "js").glob("*.js")):
        shutil.copyfile(script, STATIC / script.name)
    shutil.copytree(HERE / "icons", STATIC / "icons", dirs_exist_ok=True)


def main() -> int:
    """Build; exit 1 with what to do when npm has not been run."""
    try:
        build()
    except FileNotFoundError as error:
        sys.stderr.write(f"assets: {error.filename} is missing; run `npm ci` first (or `make assets`)\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
