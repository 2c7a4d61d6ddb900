"""Tasks in notes: items of lists that begin with `[ ]`, or with `[x]` once they are done. Pure."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec import Struct

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_MARK = re.compile(r"\[([ xX])\]\s+(?=\S)")
_LINE_END = re.compile(r"\r\n|\r|\n")


class Task(Struct, frozen=True):
    """A task of a note: the line that it begins on, from 0, and its Markdown without the mark."""

    line: int
    text: str
    is_done: bool


def find_tasks(text: str) -> list[Task]:
    """Return the tasks of a note in their order."""
    if "[" not in text:
        return []
    return [
        Task(block.map[0] if block.map else 0, _text(block, mark), mark[1] != " ")
        for block, mark in find_task_blocks(_MARKDOWN.parse(text))
    ]


def find_task_blocks(tokens: Sequence[Token]) -> Iterator[tuple[Token, re.Match[str]]]:
    """Yield the first paragraph of each task in parsed Markdown, with its mark."""
    before = None
    for first, second in pairwise(tokens):
        is_first = before is not None and before.type == "list_item_open"
        if is_first and first.type == "paragraph_open" and (mark := _MARK.match(second.content)):
            yield second, mark
        before = first


def mark_task(text: str, task: Task, *, is_done: bool) -> str:
    """Return a note's text with a task of it marked as done or open; all else stays."""
    ends = [0, *(end.end() for end in _LINE_END.finditer(text))]
    start = text.index("[", ends[task.line])
    return f"{text[: start + 1]}{'x' if is_done else ' '}{text[start + 2 :]}"


def _text(block: Token, mark: re.Match[str]) -> str:
    return " ".join(block.content[mark.end() :].split())
