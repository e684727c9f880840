"""Small derivatives of stored pictures."""

import io

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from biblioteca.photos.pictures import clean_picture
from biblioteca.photos.storage import storage_key, store
from biblioteca.photos.thumbnails import SIDE, delete_picture, open_thumbnail, thumbnail_name


def stored(size=(900, 1260), mode="RGB", color="#7c2d12"):
    file = io.BytesIO()
    Image.new(mode, size, color).save(file, "PNG")
    return storage_key(store(clean_picture(file.getvalue())))


def test_a_thumbnail_is_made_once_and_fits():
    name = stored()
    with open_thumbnail(name) as file:
        image = Image.open(file)
        assert (image.format, max(image.size)) == ("WEBP", SIDE)
        assert image.size == (171, 240)
    made = default_storage.get_modified_time(thumbnail_name(name))
    open_thumbnail(name).close()
    assert default_storage.get_modified_time(thumbnail_name(name)) == made


def test_a_small_picture_is_not_blown_up_and_keeps_its_transparency():
    name = stored((20, 30), "RGBA", (10, 20, 30, 0))
    with open_thumbnail(name) as file:
        image = Image.open(file)
        assert image.size == (20, 30)
        assert image.convert("RGBA").getpixel((3, 3))[3] == 0


@pytest.mark.parametrize(
    "name", ["fotos/aa/x.png", "../settings.py", "fotos/aa/" + "a" * 64 + ".png"]
)
def test_what_is_no_stored_picture_has_none(name):
    with pytest.raises(FileNotFoundError):
        open_thumbnail(name)


def test_the_thumbnail_goes_with_its_picture():
    name = stored()
    open_thumbnail(name).close()
    delete_picture(name)
    assert not default_storage.exists(name)
    assert not default_storage.exists(thumbnail_name(name))
