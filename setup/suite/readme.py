"""The pages of an add-on that are made of its manifest and its `readme/*.md`.

`README.rst` is what people read in the repository and in the wheel,
`static/description/index.html` what they read in Odoo's list of apps.
"""

import ast
import subprocess

from . import python_env, settings
from .console import SetupError

# file below readme/ -> title of its section
SECTIONS = {
    "DESCRIPTION": None,
    "INSTALL": "Installation",
    "CONFIGURE": "Configuration",
    "USAGE": "Usage",
    "TROUBLESHOOTING": "Troubleshooting",
    "ROADMAP": "Limits",
    "HISTORY": "Changes",
}
NOTE = "This file is made by setup/docs from readme/*.md; edit those."
RST = ".. {note}\n\n{text}"
HTML = '<!-- {note} -->\n<section class="container py-4">\n{text}</section>\n'


def pages(addon):
    """Return {path: text} of the pages of an add-on."""
    folder = settings.ROOT / addon
    text = _compose(folder)
    rst = _convert(
        text.replace("(../", "("), "rst", f"--columns={settings.LINE_LENGTH}"
    )
    html = _convert(
        text.replace("(../static/description/", "("), "html", "--wrap=preserve"
    )
    return {
        folder / "README.rst": RST.format(note=NOTE, text=rst),
        folder / "static/description/index.html": HTML.format(
            note=NOTE, text=html.replace("<img ", '<img class="img-fluid border" ')
        ),
    }


def _compose(folder):
    """The whole page as Markdown; its links are those of a file in readme/."""
    manifest = ast.literal_eval((folder / "__manifest__.py").read_text())
    pieces = [f"# {manifest['name']}", f"**{manifest['summary']}**"]
    for name, title in SECTIONS.items():
        path = folder / "readme" / f"{name}.md"
        if path.exists():
            pieces += [f"## {title}"] if title else []
            pieces.append(path.read_text().strip())
    maintainers = ", ".join(manifest["maintainers"])
    pieces += [
        "## Extending",
        "Methods for other add-ons to extend: `readme/HOOKS.md`.",
        "## Credits",
        f"* Author: {manifest['author']}\n"
        f"* Maintainers: {maintainers}\n"
        f"* Website: <{manifest['website']}>\n"
        f"* Version {manifest['version']}, license {manifest['license']}",
    ]
    return "\n\n".join(pieces) + "\n"


def _convert(text, target, *options):
    [pandoc] = python_env.LINT_VENV.glob("lib/*/site-packages/pypandoc/files/pandoc")
    answer = subprocess.run(
        [pandoc, "--from=gfm", f"--to={target}", *options],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise SetupError(f"pandoc can't convert: {answer.stderr.strip()}")
    return answer.stdout
