"""Directories of images."""

import logging
import struct

import numpy as np
import PIL.ExifTags
import PIL.Image
import pytest

from training import image_folder, sources


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "hlp_keras"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "photos"


def write(path, value=0, size=(4, 4), mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    value = value if mode == "L" else (value,) * len(mode)
    PIL.Image.new(mode, size[::-1], value).save(path, **options)


def fill(folder, train=("cat", "dog"), test=("cat", "dog"), **options):
    """Writes 2 images per class folder, of values 10, 11, 20, 21, ..."""
    for split, classes in (("train", train), ("test", test)):
        for index, name in enumerate(classes, start=1):
            for i in range(2):
                path = folder / split / name / f"{i}.png"
                write(path, 10 * index + i, **options)


def load(folder, **options):
    return sources.load_source(str(folder), **options)


def test_images_get_the_label_of_their_folder(folder):
    fill(folder)
    (folder / "train" / "cat" / "notes.txt").write_text("no image")
    (folder / "train" / ".hidden").mkdir()
    source = load(folder)
    assert source.name == str(folder)
    assert source.class_names == ("cat", "dog")
    assert source.train.labels.tolist() == [0, 0, 1, 1]
    assert source.train.images[:, 0, 0, 0].tolist() == [10, 11, 20, 21]
    assert source.image_shape == (4, 4, 3)
    assert source.tree is None


def test_a_class_may_be_called_like_an_image(folder):
    fill(folder, train=("cat", "a.png"), test=("cat", "a.png"))
    assert set(load(folder).class_names) == {"cat", "a.png"}


def test_photos_are_turned_upright(folder):
    fill(folder)
    photo = PIL.Image.new("RGB", (4, 4))
    photo.putpixel((3, 0), (255, 255, 255))
    exif = photo.getexif()
    exif[PIL.ExifTags.Base.Orientation] = 6  # Turn it clockwise to see it.
    photo.save(folder / "train" / "cat" / "0.png", exif=exif)
    upright = load(folder).train.images[0, ..., 0]
    assert np.argwhere(upright).tolist() == [[3, 3]]


def test_nested_folders_are_the_tree(folder):
    fill(
        folder,
        train=("vehicle/car", "animal/pet/cat", "animal/pet/dog"),
        test=("dog", "car", "cat"),
    )
    source = load(folder)
    assert source.tree == {
        "animal": {"pet": {"cat": None, "dog": None}},
        "vehicle": {"car": None},
    }
    assert source.class_names == ("cat", "dog", "car")
    by_name = {
        source.class_names[label]: image[0, 0, 0]
        for image, label in zip(
            source.test.images[::2], source.test.labels[::2], strict=True
        )
    }
    assert by_name == {"dog": 10, "car": 20, "cat": 30}


def test_val_stands_in_for_test(folder):
    fill(folder)
    (folder / "test").rename(folder / "val")
    assert load(folder).test.labels.tolist() == [0, 0, 1, 1]


def test_grey_stays_grey_unless_some_are_colour(folder):
    fill(folder, mode="L")
    assert load(folder).image_shape == (4, 4, 1)
    write(folder / "train" / "cat" / "2.png", 12, mode="RGBA")
    source = load(folder)
    assert source.image_shape == (4, 4, 3)
    assert (source.train.images[0] == 10).all()


def test_resizing_keeps_proportions_and_cuts_the_rest(folder):
    fill(folder)
    wide = np.zeros((4, 12, 3), np.uint8)
    wide[:, 4:8] = 255
    PIL.Image.fromarray(wide).save(folder / "train" / "cat" / "0.png")
    source = load(folder, image_size=(2, 2))
    assert source.image_shape == (2, 2, 3)
    assert (source.train.images[0] > 200).all()


def test_images_of_several_sizes_are_named(folder):
    fill(folder)
    write(folder / "test" / "dog" / "5.png", size=(4, 7))
    with pytest.raises(
        ValueError,
        match=r"one size, got 4x4 \(.*png\) and 4x7 \(.*5.png\).*resize",
    ):
        load(folder)


def test_unreadable_images_are_named(folder):
    fill(folder)
    (folder / "train" / "cat" / "bad.jpg").write_bytes(b"no image")
    whole = (folder / "train" / "dog" / "0.png").read_bytes()
    (folder / "train" / "dog" / "cut.png").write_bytes(whole[:-30])
    deep = PIL.Image.fromarray(np.zeros((4, 4), np.uint16))
    deep.save(folder / "test" / "dog" / "deep.png")
    with pytest.raises(
        ValueError,
        match=r"3 of 11 .*bad.jpg .*cut.png .*deep.png \(more than 8 bits",
    ):
        load(folder)


def test_a_note_of_a_camera_that_cannot_be_read_is_of_a_named_image(folder):
    fill(folder)
    orientation = struct.pack("<HHII", 0x112, 3, 1, 6)
    width_as_text = struct.pack("<HHI4s", 0x100, 2, 2, b"a")
    entries = struct.pack("<H", 2) + orientation + width_as_text + bytes(4)
    exif = b"Exif\0\0II*\0" + struct.pack("<I", 8) + entries
    image = PIL.Image.new("L", (4, 4))
    image.save(folder / "train" / "cat" / "odd.jpg", exif=exif)
    with pytest.raises(ValueError, match=r"1 of 9 are not: .*odd.jpg \(requir"):
        load(folder)


def test_many_unreadable_images_are_counted(folder):
    fill(folder)
    for i in range(7):
        (folder / "train" / "cat" / f"bad{i}.jpg").write_bytes(b"")
    with pytest.raises(ValueError, match="bad4.jpg .* and 2 more. Repair"):
        load(folder)


@pytest.mark.parametrize(
    ("train", "error", "message"),
    [
        ((), FileNotFoundError, "Expected the folder train in "),
        (("",), ValueError, "a folder of images for every class .* without"),
        (("cat", "cat/kitten"), ValueError, "got both: the image 0.png"),
        (("a/cat", "b/cat"), ValueError, "'cat' is .*b.cat and .*a.cat"),
        (("cat",), ValueError, r"only in .*test: \['dog'\]"),
    ],
)
def test_folders_that_do_not_fit_are_refused(folder, train, error, message):
    fill(folder, train=train)
    with pytest.raises(error, match=message):
        load(folder)


def test_a_folder_without_images_is_named(folder):
    fill(folder)
    (folder / "test" / "cow").mkdir()
    with pytest.raises(ValueError, match="Expected images in .*cow, .*none"):
        load(folder)


def test_decoded_images_are_kept_until_one_changes(folder, monkeypatch):
    fill(folder)
    decode = image_folder._decode
    calls = []
    monkeypatch.setattr(
        image_folder, "_decode", lambda *a: calls.append(a) or decode(*a)
    )
    first, second = load(folder), load(folder)
    assert len(calls) == 1
    np.testing.assert_array_equal(first.train.images, second.train.images)
    np.testing.assert_array_equal(first.test.images, second.test.images)
    write(folder / "train" / "cat" / "0.png", 99)
    assert load(folder).train.images[0, 0, 0, 0] == 99
    assert load(folder, image_size=(2, 2)).image_shape == (2, 2, 3)
    assert len(calls) == 3


def test_a_spoilt_cache_is_made_again(folder, cache):
    fill(folder)
    load(folder)
    (spoilt,) = cache.iterdir()
    spoilt.write_bytes(spoilt.read_bytes()[:100])
    assert load(folder).train.images[0, 0, 0, 0] == 10


def test_an_unwritable_cache_is_no_error(folder, monkeypatch, caplog):
    fill(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    with caplog.at_level(logging.WARNING):
        assert load(folder).class_names == ("cat", "dog")
    assert "not kept for next time" in caplog.text
