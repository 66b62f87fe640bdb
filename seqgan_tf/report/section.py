"""Section: a part of a report, which `page` makes Markdown and HTML from."""

import dataclasses
from collections.abc import Sequence

from seqgan_tf.report.tables import Table


@dataclasses.dataclass(frozen=True)
class Section:
    """A heading, then paragraphs, tables, figures and lists of texts.

    Attributes:
        title: the heading.
        paragraphs: of prose.
        tables: in their order.
        figures: (name, caption).
        lists: (title, texts), which stand side by side above the figures. A text is one line.
    """

    title: str
    paragraphs: Sequence[str]
    tables: Sequence[Table] = ()
    figures: Sequence[tuple[str, str]] = ()
    lists: Sequence[tuple[str, Sequence[str]]] = ()

    @property
    def has_content(self) -> bool:
        """Whether there is more than prose."""
        return bool(self.tables or self.lists or self.figures)
