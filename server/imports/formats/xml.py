"""Safe XML: no entities or external parts, and elements found by name in any namespace."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from server.errors import SourceError
from server.schema.sources import fold


def parse_xml(text: str) -> Element:
    """Return the root of an XML text. Raises SourceError for one that is cut off or dangerous."""
    try:
        root: Element = fromstring(text)
    except ParseError as error:
        raise SourceError(f"not well-formed XML: {error}") from error
    except (DefusedXmlException, ValueError) as error:
        raise SourceError(
            f"XML with entities of its own, which are not allowed: {error}"
        ) from error
    return root


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def descendants(element: Element, *names: str) -> Iterator[Element]:
    """Yield the descendants with one of some names, whatever their namespace."""
    return (node for node in element.iter() if local_name(node) in names)


def text_of(element: Element | None) -> str:
    """Return all text within an element, folded."""
    return fold("".join(element.itertext())) if element is not None else ""


def first_text(element: Element, *names: str) -> str:
    """Return the text of the first descendant with one of some names, in the order of these."""
    for name in names:
        for node in descendants(element, name):
            if text := text_of(node):
                return text
    return ""


def all_texts(element: Element, *names: str) -> list[str]:
    """Return the texts of all descendants with one of some names."""
    return [text for node in descendants(element, *names) if (text := text_of(node))]
