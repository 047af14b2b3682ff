"""What a reader of a printed paper gets out of it: text, fonts, links, and the picture.

Independent of the code that printed it: pypdf reads the structure, PDFium draws, zxing reads the QR code.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pypdfium2
import zxingcpp
from PIL import Image
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject


def pages(pdf: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def text(pdf: bytes) -> str:
    """The text of all pages without blanks and line ends, which are the layout's."""
    return "".join("".join(pages(pdf)).split())


def fonts(pdf: bytes) -> list[DictionaryObject]:
    """Every font that any page names, once."""
    found: dict[str, DictionaryObject] = {}
    for page in PdfReader(BytesIO(pdf)).pages:
        for font in resolved(resolved(page["/Resources"]).get("/Font", {})).values():
            found[str(resolved(font)["/BaseFont"])] = resolved(font)
    return list(found.values())


def picture(pdf: bytes, page: int = 0, scale: float = 2.0) -> Image.Image:
    """A page as PDFium draws it."""
    document = pypdfium2.PdfDocument(pdf)
    drawn: Image.Image = document[page].render(scale=scale).to_pil()
    document.close()
    return drawn


def qr_codes(pdf: bytes, page: int = 0) -> list[str]:
    """What the QR codes on a page say, read from the picture."""
    return [found.text for found in zxingcpp.read_barcodes(picture(pdf, page))]


def links(pdf: bytes) -> list[str]:
    """Every address the file would open."""
    return [str(item["/URI"]) for item in objects(pdf) if "/URI" in item]


def objects(pdf: bytes) -> Iterator[DictionaryObject]:
    """Every dictionary of the file, streams' included."""
    reader = PdfReader(BytesIO(pdf))
    for number in reader.xref[0]:
        found = resolved(reader.get_object(IndirectObject(number, 0, reader)))
        yield from _dictionaries(found)


def _dictionaries(value: Any) -> Iterator[DictionaryObject]:
    if isinstance(value, DictionaryObject):
        yield value
        for each in value.values():
            if not isinstance(each, IndirectObject):
                yield from _dictionaries(each)
    elif isinstance(value, list):
        for each in value:
            if not isinstance(each, IndirectObject):
                yield from _dictionaries(each)


def resolved(value: Any) -> Any:
    """The object behind a reference."""
    return value.get_object() if hasattr(value, "get_object") else value
