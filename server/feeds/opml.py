"""Render the addresses of a user's feeds as OPML 2.0, which feed readers import. Pure.

http://opml.org/spec2.opml
"""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from server.feeds.atom import remove_illegal
from server.schema.api import FeedAddress


def render_opml(address: FeedAddress) -> bytes:
    """Render the feeds of the list and of each saved search as an XML document."""
    document = Element("opml", version="2.0")
    SubElement(SubElement(document, "head"), "title").text = "Papermargin"
    body = SubElement(document, "body")
    _add_feed(body, "Reading list", address.reading_list)
    _add_feed(body, "For you", address.for_you)
    for search in address.searches:
        _add_feed(body, search.name, search.own)
        _add_feed(body, f"New: {search.name}", search.new)
    indent(document)
    written: bytes = tostring(document, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _add_feed(body: Element, title: str, url: str) -> None:
    # the specification has one type for all kinds of feeds
    name = remove_illegal(title)
    SubElement(body, "outline", type="rss", text=name, title=name, xmlUrl=url)
