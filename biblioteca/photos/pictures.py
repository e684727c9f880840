"""An uploaded picture: decoded, not believed; stored without what it carried beside the image."""

import base64
import binascii
import io
import re
import warnings
from dataclasses import dataclass
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 12 * 1024 * 1024
# Width times height times frames: what decoding costs. A phone takes 12 to 50 million.
MAX_PIXELS = 64_000_000
MAX_SIDE = 1600
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}

DATA_URL = re.compile(r"data:image/[A-Za-z0-9.+-]+;base64,", re.IGNORECASE)
# ISO base media file brands of what phones save and browsers do not show.
APPLE_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")


class Readable(Protocol):
    """An open file, an uploaded one too."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes."""


@dataclass(frozen=True)
class Picture:
    """A picture ready to be stored: its bytes and the extension that they deserve."""

    content: bytes
    extension: str
    width: int
    height: int


def refused(code: str, message: Any) -> ValidationError:
    """Return the refusal of a picture."""
    return ValidationError(message, code=code)


def read_data_url(text: str) -> bytes:
    """Return the bytes of a ``data:image/…;base64,`` URL. Raises ValidationError."""
    header = DATA_URL.match(text)
    if header is None:
        raise refused("picture_data_url", _("Write data:image/…;base64, and the picture."))
    if (len(text) - header.end()) * 3 // 4 > MAX_BYTES + 3:
        raise too_many_bytes()
    try:
        return base64.b64decode(text[header.end() :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise refused("picture_data_url", _("The picture is not valid base64.")) from error


def too_many_bytes() -> ValidationError:
    """Return the refusal of a file that is too large."""
    limit = MAX_BYTES // 1024 // 1024
    return ValidationError(
        _("A picture may have %(limit)d MB at most."),
        code="picture_too_many_bytes",
        params={"limit": limit},
    )


def clean_picture(file: Readable | bytes) -> Picture:
    """Return the picture in ``file``, scaled to 1600 pixels and free of metadata.

    Of an animation the first frame is kept. Raises ValidationError with a code for each fault:
    ``picture_empty``, ``picture_too_many_bytes``, ``picture_too_many_pixels``,
    ``picture_format``, ``picture_corrupt``.
    """
    content = file if isinstance(file, bytes) else file.read(MAX_BYTES + 1)
    if not content:
        raise refused("picture_empty", _("The file is empty."))
    if len(content) > MAX_BYTES:
        raise too_many_bytes()
    if content[4:8] == b"ftyp" and content[8:12] in APPLE_BRANDS:
        message = _("HEIC and AVIF are not read here: save the picture as JPEG and send that.")
        raise refused("picture_format", message)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of what is refused below, or harmless
            return decode(content)
    except ValidationError:
        raise
    except UnidentifiedImageError as error:
        message = _("This is not a JPEG, PNG, WebP or GIF picture.")
        raise refused("picture_format", message) from error
    except Image.DecompressionBombError as error:
        raise too_many_pixels() from error
    except (OSError, ValueError, SyntaxError, TypeError, LookupError, ArithmeticError, EOFError,
            MemoryError, AttributeError) as error:  # fmt: skip
        # Decoders raise nearly anything for a broken file.
        raise refused("picture_corrupt", _("The picture is damaged or cut short.")) from error


def too_many_pixels() -> ValidationError:
    """Return the refusal of a picture that would cost too much to decode."""
    message = _("The picture has too many pixels (frames counted).")
    return refused("picture_too_many_pixels", message)


def decode(content: bytes) -> Picture:
    """Decode and encode again; lets the decoder's exceptions out."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        frames = getattr(image, "n_frames", 1)
        if image.width * image.height * frames > MAX_PIXELS:
            raise too_many_pixels()
        kind = "PNG" if image.format == "GIF" else str(image.format)
        if kind == "JPEG":
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))
        image.load()
        upright = ImageOps.exif_transpose(image) or image
        plain = with_plain_mode(upright, kind)
    plain.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    # A new image has none of the old one's metadata: EXIF, XMP, profiles, comments.
    bare = Image.new(plain.mode, plain.size)
    bare.paste(plain)
    encoded = io.BytesIO()
    options = {"JPEG": {"quality": 85, "progressive": True}, "WEBP": {"quality": 85, "method": 4}}
    bare.save(encoded, kind, **options.get(kind, {"optimize": True}))
    return Picture(encoded.getvalue(), EXTENSIONS[kind], bare.width, bare.height)


def with_plain_mode(image: Image.Image, kind: str) -> Image.Image:
    """Return ``image`` in a mode that ``kind`` writes and every browser shows."""
    if image.mode.startswith("I"):
        # Greys of 16 bits: Pillow's own conversion cuts all above 255 to white.
        return image.convert("I").point(lambda grey: grey / 256).convert("L")
    transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    if transparent and kind != "JPEG":
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")
