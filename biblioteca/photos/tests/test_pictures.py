import base64
import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from PIL import Image

from biblioteca.photos.pictures import MAX_SIDE, clean_picture, read_data_url
from biblioteca.photos.storage import public_url, store, stored_value_of

GPS, ORIENTATION = 0x8825, 0x0112

# What becomes of each real picture: its size and kind, or why it is refused.
REAL = {
    "cover__whitman_leaves-of-grass.jpg": "jpg 1067x1600",
    "cover__whitman_leaves-of-grass.svg": "picture_format",
    "logo__logo-es.gif": "png 180x266",
    "logo__logo-es.png": "png 260x333",
    "logo__standard-ebooks.svg": "picture_format",
    "pillow__broken.png": "picture_corrupt|picture_format",
    "pillow__decompression_bomb.gif": "picture_too_many_pixels",
    "pillow__exif-72dpi-int.jpg": "jpg 500x450",
    "pillow__flower.jpg": "jpg 480x360",
    "pillow__flower.webp": "webp 480x360",
    "pillow__hopper.bmp": "picture_format",
    "pillow__hopper.gif": "png 128x128",
    "pillow__hopper.ico": "picture_format",
    "pillow__hopper.jpg": "jpg 128x128",
    "pillow__hopper.png": "png 128x128",
    "pillow__hopper.webp": "webp 128x128",
    "pillow__hopper_orientation_6.webp": "webp 128x128",
    "pillow__invalid-exif.jpg": "jpg 200x200",
    "pillow__p_trns_single.png": "png 64x64",
    "pillow__pil_sample_cmyk.jpg": "jpg 100x100",
    "pillow__png_decompression_dos.png": "picture_corrupt",
    "pillow__truncated_end_chunk.png": "picture_corrupt",
    "pillow__truncated_jpeg.jpg": "picture_corrupt",
}


def outcome(content):
    try:
        picture = clean_picture(content)
    except ValidationError as error:
        return error.code
    return f"{picture.extension} {picture.width}x{picture.height}"


def encode(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_every_real_picture(shared_data):
    files = sorted((shared_data / "images").iterdir())
    assert {file.name for file in files} == REAL.keys()
    for file in files:
        assert outcome(file.read_bytes()) in REAL[file.name].split("|"), file.name


def test_a_phone_picture_passes_and_is_scaled_down():
    noise = Image.effect_noise((4032, 3024), 90).convert("RGB")
    content = encode(noise, "JPEG", quality=88)
    assert 5_000_000 < len(content) < 12_000_000
    picture = clean_picture(content)
    assert max(picture.width, picture.height) == MAX_SIDE


def test_metadata_and_payloads_do_not_survive():
    exif = Image.Exif()
    exif[0x010E] = "<?php system('id') ?>"
    exif.get_ifd(GPS)[1] = "N"
    image = Image.new("RGB", (40, 30), "red")
    content = encode(image, "JPEG", exif=exif, comment=b"<script>alert(1)</script>") + b"<?php ?>"
    picture = clean_picture(content)
    assert b"php" not in picture.content
    assert b"script" not in picture.content
    assert not Image.open(io.BytesIO(picture.content)).getexif()


def test_orientation_is_applied():
    image = Image.new("RGB", (40, 20), "white")
    image.paste("black", (0, 0, 20, 20))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    picture = clean_picture(encode(image, "PNG", exif=exif))
    assert (picture.width, picture.height) == (20, 40)
    turned = Image.open(io.BytesIO(picture.content)).convert("L")
    assert turned.getpixel((10, 5)) < 50
    assert turned.getpixel((10, 35)) > 200


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "picture_empty"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "picture_format"),
        (b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00", "picture_format"),
        (b"GIF89a", "picture_corrupt|picture_format"),
        (b"\xff\xd8\xff", "picture_corrupt|picture_format"),
        (b"<svg/>", "picture_format"),
        (b"x" * (12 * 1024 * 1024 + 1), "picture_too_many_bytes"),
    ],
)
def test_what_is_no_picture(content, code):
    assert outcome(content) in code.split("|")


def test_frames_are_counted():
    frames = [Image.new("P", (1000, 1000), index % 250) for index in range(70)]
    content = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert outcome(content) == "picture_too_many_pixels"
    few = encode(frames[0], "GIF", save_all=True, append_images=frames[1:5])
    assert outcome(few) == "png 1000x1000"


@pytest.mark.parametrize(
    "text",
    ["data:image/png,abc", "data:text/html;base64,AAAA", "data:image/png;base64,!!", "data:"],
)
def test_bad_data_urls(text):
    with pytest.raises(ValidationError) as caught:
        read_data_url(text)
    assert caught.value.code == "picture_data_url"


def test_data_url_is_read():
    assert read_data_url("data:image/png;base64," + base64.b64encode(b"abc").decode()) == b"abc"


def test_the_same_picture_is_stored_once_and_found_by_its_url(settings):
    picture = clean_picture(encode(Image.new("RGB", (9, 9), "blue"), "PNG"))
    value = store(picture)
    assert store(picture) == value
    key = value.removeprefix("arquivo:")
    with default_storage.open(key) as file:
        assert file.read() == picture.content
    assert public_url(value) == f"/media/{key}"
    assert stored_value_of(f"/media/{key}") == value
    settings.PUBLIC_URL = "https://catalogo.example.org"
    assert public_url(value) == f"https://catalogo.example.org/media/{key}"
    assert stored_value_of(f"https://catalogo.example.org/media/{key}") == value
    for other in (
        f"/media/{key}",
        f"https://evil.example/media/{key}",
        f"https://catalogo.example.org/media/fotos/00/{'0' * 64}.png",
        "capa.jpg",
        "",
    ):
        assert stored_value_of(other) is None


def test_greys_of_16_bits_keep_their_shades():
    ramp = Image.new("I;16", (256, 1))
    for column in range(256):
        ramp.putpixel((column, 0), column * 256)
    picture = clean_picture(encode(ramp, "PNG"))
    with Image.open(io.BytesIO(picture.content)) as stored:
        greys = [stored.convert("L").getpixel((column, 0)) for column in range(256)]
    assert greys == list(range(256))
