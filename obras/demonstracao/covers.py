"""Generated covers: real picture files, always the same for the same book."""

import colorsys
import hashlib
import io
import math
import random
from collections.abc import Callable
from functools import lru_cache
from importlib import resources

from PIL import Image, ImageDraw, ImageFont

from biblioteca.photos.pictures import Picture

WIDTH, HEIGHT = 400, 600
SIDE = 400
# Drawn at twice the size and scaled down: Pillow's shapes have no smooth edges.
SCALE = 2

Colour = tuple[int, int, int]
Draw = ImageDraw.ImageDraw

# Ground, ornament, second ornament, paper, ink: azulejo, cordel, modernist and cloth bindings.
PALETTES: list[tuple[Colour, Colour, Colour, Colour, Colour]] = [
    ((24, 62, 120), (236, 240, 246), (92, 142, 198), (248, 246, 238), (18, 40, 84)),
    ((122, 30, 38), (232, 200, 130), (168, 62, 60), (250, 242, 226), (90, 18, 26)),
    ((20, 84, 70), (236, 220, 168), (62, 132, 110), (247, 245, 232), (12, 56, 48)),
    ((214, 150, 40), (90, 40, 22), (240, 196, 104), (255, 248, 230), (92, 42, 20)),
    ((58, 50, 74), (226, 170, 150), (108, 92, 132), (246, 240, 240), (46, 36, 64)),
    ((196, 84, 52), (250, 226, 190), (226, 130, 90), (255, 246, 234), (110, 38, 20)),
    ((40, 44, 48), (206, 186, 132), (86, 90, 94), (244, 240, 228), (30, 32, 36)),
    ((90, 128, 150), (244, 232, 208), (140, 172, 188), (250, 248, 240), (36, 62, 80)),
]


@lru_cache
def font(size: int, *, italic: bool = False) -> ImageFont.FreeTypeFont:
    """Return the typeface at ``size`` pixels."""
    name = "SourceSerifPro-SemiboldIt.ttf" if italic else "SourceSerifPro-Semibold.ttf"
    file = resources.files("font_source_serif_pro") / "files" / name
    return ImageFont.truetype(io.BytesIO(file.read_bytes()), size)


def seeded(text: str) -> random.Random:
    """Return the choices that belong to ``text``."""
    return random.Random(hashlib.sha256(text.encode()).digest())  # noqa: S311 (ornament)


def azulejo(
    draw: Draw, width: int, height: int, colours: list[Colour], dice: random.Random
) -> None:
    """Tiles of quarter circles and diamonds."""
    size = dice.choice([80, 100, 133])
    for top in range(0, height, size):
        for left in range(0, width, size):
            box = (left, top, left + size, top + size)
            draw.rectangle(box, outline=colours[1], width=2)
            for x in (left, left + size):
                for y in (top, top + size):
                    arc = size * 0.42
                    ring = (x - arc, y - arc, x + arc, y + arc)
                    draw.ellipse(ring, outline=colours[0], width=5)
            middle_x, middle_y, reach = left + size / 2, top + size / 2, size * 0.3
            draw.polygon([(middle_x, middle_y - reach), (middle_x + reach, middle_y),
                          (middle_x, middle_y + reach), (middle_x - reach, middle_y)],
                         fill=colours[1])  # fmt: skip
            dot = size * 0.1
            draw.ellipse((middle_x - dot, middle_y - dot, middle_x + dot, middle_y + dot),
                         fill=colours[0])  # fmt: skip


def waves(draw: Draw, width: int, height: int, colours: list[Colour], dice: random.Random) -> None:
    """The paving of Copacabana and Rossio."""
    period, band = dice.choice([160, 220, 280]), dice.choice([56, 72])
    for number, base in enumerate(range(-band, height + 2 * band, band)):
        points = [
            (x, base + band * 0.7 * math.sin(2 * math.pi * x / period))
            for x in range(0, width + 8, 8)
        ]
        outline = [*points, (width, height + band), (0, height + band)]
        draw.polygon(outline, fill=colours[number % 2])


def rays(draw: Draw, width: int, height: int, colours: list[Colour], dice: random.Random) -> None:
    """A rising sun of the twenties."""
    centre = (width / 2, height * dice.choice([0.62, 1.0]))
    count = dice.choice([16, 24, 32])
    for number in range(0, count, 2):
        start = math.pi * 2 * number / count
        stop = math.pi * 2 * (number + 1) / count
        reach = height * 1.4
        draw.polygon([centre,
                      (centre[0] + reach * math.cos(start), centre[1] + reach * math.sin(start)),
                      (centre[0] + reach * math.cos(stop), centre[1] + reach * math.sin(stop))],
                     fill=colours[1])  # fmt: skip
    for radius, colour in ((150, colours[0]), (110, colours[1])):
        draw.ellipse((centre[0] - radius, centre[1] - radius, centre[0] + radius,
                      centre[1] + radius), fill=colour)  # fmt: skip


def frame(draw: Draw, width: int, height: int, colours: list[Colour], dice: random.Random) -> None:
    """A cloth binding with ruled frames and corner pieces."""
    for inset, thickness, colour in ((28, 8, 0), (48, 3, 0), (64, 3, 1)):
        draw.rectangle((inset, inset, width - inset, height - inset),
                       outline=colours[colour], width=thickness)  # fmt: skip
    radius = dice.choice([70, 95])
    for x in (64, width - 64):
        for y in (64, height - 64):
            for step in range(3):
                reach = radius - step * 24
                draw.ellipse((x - reach, y - reach, x + reach, y + reach),
                             outline=colours[step % 2], width=5)  # fmt: skip


def leaves(draw: Draw, width: int, height: int, colours: list[Colour], dice: random.Random) -> None:
    """Scattered leaves, as cut in wood."""
    for _ in range(46):
        x, y = dice.uniform(0, width), dice.uniform(0, height)
        angle, length = dice.uniform(0, math.tau), dice.uniform(50, 110)
        outline = []
        for step in range(21):
            along = step / 20
            bulge = math.sin(math.pi * along) * length * 0.24
            for side in (1,) if step < 20 else ():
                outline.append((along * length, side * bulge))
        outline += [(point[0], -point[1]) for point in reversed(outline)]
        turned = [
            (
                x + a * math.cos(angle) - b * math.sin(angle),
                y + a * math.sin(angle) + b * math.cos(angle),
            )
            for a, b in outline
        ]
        draw.polygon(turned, fill=colours[dice.randrange(2)])


ORNAMENTS: list[Callable[[Draw, int, int, list[Colour], random.Random], None]] = [
    azulejo, waves, rays, frame, leaves,
]  # fmt: skip


def wrap(text: str, face: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Return ``text`` in lines no wider than ``width`` where its words allow."""
    lines: list[str] = []
    for word in text.split():
        if lines and face.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def fitted(
    text: str, width: float, height: float, largest: int
) -> tuple[list[str], ImageFont.FreeTypeFont]:
    """Return the lines of ``text`` and the largest face in which they fit."""
    for size in range(largest, 15, -3):
        face = font(size)
        lines = wrap(text, face, width)
        fits = all(face.getlength(line) <= width for line in lines)
        if fits and len(lines) * size * 1.2 <= height:
            break
    return lines, face


def write_centred(
    draw: Draw,
    lines: list[str],
    face: ImageFont.FreeTypeFont,
    middle: float,
    top: float,
    ink: Colour,
) -> float:
    """Write ``lines`` around ``middle`` from ``top`` down; return where they end."""
    for line in lines:
        draw.text((middle, top), line, font=face, fill=ink, anchor="ma")
        top += face.size * 1.2
    return top


def draw_cover(titulo: str, autores: str, editora: str) -> Picture:
    """Return a cover of 400 by 600 pixels as JPEG, always the same for the same texts."""
    dice = seeded(f"{titulo}|{autores}")
    ground, first, second, paper, ink = dice.choice(PALETTES)
    width, height = WIDTH * SCALE, HEIGHT * SCALE
    image = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(image)
    dice.choice(ORNAMENTS)(draw, width, height, [first, second], dice)
    left, right = 90, width - 90
    title, title_face = fitted(titulo, right - left - 70, 330, 84)
    names, names_face = fitted(autores or "Anónimo", right - left - 70, 90, 38)
    block = (len(title) * title_face.size + len(names) * names_face.size) * 1.2 + 130
    top = dice.choice([150, (height - block) / 2, height - block - 210])
    draw.rectangle((left, top, right, top + block), fill=paper)
    draw.rectangle((left + 12, top + 12, right - 12, top + block - 12), outline=ink, width=3)
    below = write_centred(draw, names, names_face, width / 2, top + 40, ink)
    draw.line((width / 2 - 60, below + 18, width / 2 + 60, below + 18), fill=ink, width=4)
    write_centred(draw, title, title_face, width / 2, below + 36, ink)
    if editora:
        face = font(30, italic=True)
        length = face.getlength(editora) + 48
        plate = ((width - length) / 2, height - 108, (width + length) / 2, height - 52)
        draw.rectangle(plate, fill=paper)
        draw.text((width / 2, height - 102), editora, font=face, fill=ink, anchor="ma")
    return encoded(image)


def draw_portrait(nome: str) -> Picture:
    """Return an author's monogram, 400 by 400 pixels, as JPEG."""
    return monogram(nome, round_shape=True)


def draw_emblem(nome: str) -> Picture:
    """Return a publisher's emblem, 400 by 400 pixels, as JPEG."""
    return monogram(nome, round_shape=False)


def monogram(nome: str, *, round_shape: bool) -> Picture:
    """Return initials in a medal or a diamond on a coloured ground."""
    dice = seeded(nome)
    hue = dice.random()
    ground = tuple(int(part * 255) for part in colorsys.hls_to_rgb(hue, 0.30, 0.42))
    light = tuple(int(part * 255) for part in colorsys.hls_to_rgb(hue, 0.90, 0.45))
    size = SIDE * SCALE
    image = Image.new("RGB", (size, size), ground)
    draw = ImageDraw.Draw(image)
    for inset, colour in ((70, light), (86, ground), (100, light)):
        if round_shape:
            draw.ellipse((inset, inset, size - inset, size - inset), fill=colour)
        else:
            half = size / 2
            draw.polygon([(half, inset), (size - inset, half), (half, size - inset), (inset, half)],
                         fill=colour)  # fmt: skip
    capitals = [word[0] for word in nome.split() if word[0].isupper()] or [nome[0].upper()]
    initials = capitals[0] + (capitals[-1] if len(capitals) > 1 else "")
    draw.text((size / 2, size / 2), initials, font=font(240), fill=ground, anchor="mm")
    return encoded(image)


def encoded(image: Image.Image) -> Picture:
    """Return ``image`` scaled down to its final size, as JPEG."""
    file = io.BytesIO()
    final = image.reduce(SCALE)
    final.save(file, "JPEG", quality=85, progressive=True)
    return Picture(file.getvalue(), "jpg", final.width, final.height)
