"""The table of all formats, as the documentation shows it."""

from __future__ import annotations

from puzzlecam_app.interchange.formats.registry import READ_FORMATS
from puzzlecam_app.interchange.formats.writers import WRITE_FORMATS


def formats_table() -> list[str]:
    """The lines of a Markdown table: name, format, in, out, what an export cannot carry, oracle."""
    readers = {one.name: one for one in READ_FORMATS}
    writers = {one.name: one for one in WRITE_FORMATS}
    lines = [
        "| `--format` | Format | In | Out | What an export cannot carry | Checked with |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in dict.fromkeys((*writers, *readers)):
        reader, writer = readers.get(name), writers.get(name)
        read_as = "yes" if reader else f"as `{writer.read_as}`" if writer and writer.read_as else "no"
        title = writer.title if writer is not None else readers[name].title
        lines.append(
            f"| `{name}` | {title} | {read_as} | {'yes' if writer else 'no'} | "
            f"{'; '.join(writer.cannot_carry) if writer else '-'} | {writer.oracle if writer else '-'} |"
        )
    return lines
