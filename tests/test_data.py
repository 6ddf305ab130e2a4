"""Batches of images and labels."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import hlp_keras
from training import data
from training.config import TrainConfig
from training.sources import Source, Split

TREE = {"pet": ["cat", "dog"], "vehicle": ["car", "ship", "van"]}
PLAIN = TrainConfig(
    taxonomy="directory", batch_size=4, epochs=3, flip=False, crop_padding=0
)


def make_split(number, size=6):
    """Images whose pixels are all their own number."""
    images = np.arange(number, dtype=np.uint8)[:, None, None, None]
    images = np.broadcast_to(images, (number, size, size, 3))
    return Split(images, np.arange(number, dtype=np.int32) % 5)


@pytest.fixture
def source():
    return Source(
        "photos",
        make_split(10),
        make_split(5),
        ("van", "cat", "car", "dog", "ship"),
        TREE,
    )


def change(images, seed=1, **changes):
    config = dataclasses.replace(PLAIN, **changes)
    seed = tf.constant([0, seed])
    return data.augment(tf.constant(images), config, seed).numpy()


# --- taxonomy and labels ---


def test_nested_folders_can_be_the_taxonomy(source):
    assert data.load_taxonomy("directory", source).to_nested() == {
        "pet": {"cat": None, "dog": None},
        "vehicle": {"car": None, "ship": None, "van": None},
    }


def test_flat_folders_are_no_taxonomy(source):
    flat = dataclasses.replace(source, tree=None)
    with pytest.raises(ValueError, match="nested class folders in photos .*YA"):
        data.load_taxonomy("directory", flat)


def test_a_taxonomy_has_a_path_or_a_name(source, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("pet: [cat, dog]")
    mine = data.load_taxonomy(str(path), source)
    assert mine.categories == ("cat", "dog")
    assert len(data.load_taxonomy("cifar10", source).categories) == 10
    names = "one of cifar10, .* got 'cifar'.* the path of a YAML file"
    with pytest.raises(ValueError, match=names):
        data.load_taxonomy("cifar", source)
    with pytest.raises(FileNotFoundError, match="'yours.yaml'.* no such file"):
        data.load_taxonomy("yours.yaml", source)


def test_labels_follow_the_names(source):
    taxonomy = hlp_keras.Taxonomy.from_nested(TREE)
    new = data.relabel(source, taxonomy)
    assert new.class_names == ("cat", "dog", "car", "ship", "van")
    for split, before in ((new.train, source.train), (new.test, source.test)):
        names = [new.class_names[label] for label in split.labels]
        assert names == [source.class_names[label] for label in before.labels]


def test_only_the_images_of_some_classes_are_kept(source):
    some = data.restrict(source, ["ship", "cat"])
    assert some.class_names == ("cat", "ship")
    np.testing.assert_array_equal(some.train.labels, [0, 1, 0, 1])
    # Of ten images every fifth is a cat, from the second on.
    numbers = some.train.images[:, 0, 0, 0]
    np.testing.assert_array_equal(numbers, [1, 4, 6, 9])
    assert len(some.test.images) == 2


def test_a_taxonomy_of_other_classes_lists_both_differences(source):
    taxonomy = hlp_keras.Taxonomy.from_nested(["cat", "dog", "car", "bike"])
    with pytest.raises(
        ValueError,
        match=r"photos. Only in the taxonomy: \['bike'\]; "
        r"only in the data: \['ship', 'van'\]",
    ):
        data.relabel(source, taxonomy)


# --- batches ---


def epoch_batches(config, first_epoch=0):
    split = make_split(10)
    return [
        (images.numpy(), labels.numpy())
        for images, labels in data.training_batches(split, config, first_epoch)
    ]


def test_batches_are_whole_and_keep_labels_with_images():
    batches = epoch_batches(PLAIN)
    assert len(batches) == PLAIN.epochs * data.steps_per_epoch(
        make_split(10), PLAIN
    )
    for images, labels in batches:
        assert images.shape == (4, 6, 6, 3)
        assert images.dtype == np.float32
        numbers = np.round(images[:, 0, 0, 0] * 255).astype(int)
        np.testing.assert_array_equal(numbers % 5, labels)


def test_an_epoch_has_no_image_twice_and_another_order_than_the_last():
    batches = epoch_batches(PLAIN)
    orders = [
        np.concatenate([images[:, 0, 0, 0] for images, _ in batches[i : i + 2]])
        for i in (0, 2, 4)
    ]
    assert all(len(set(order)) == 8 for order in orders)
    assert not np.array_equal(orders[0], orders[1])


def test_a_later_start_sees_what_was_to_come():
    config = dataclasses.replace(PLAIN, flip=True, crop_padding=1, erasing=0.5)
    for after, before in zip(
        epoch_batches(config, first_epoch=2),
        epoch_batches(config)[4:],
        strict=True,
    ):
        np.testing.assert_array_equal(after[0], before[0])
        np.testing.assert_array_equal(after[1], before[1])


def test_another_seed_gives_another_order():
    other = dataclasses.replace(PLAIN, seed=1)
    assert not np.array_equal(
        epoch_batches(PLAIN)[0][0], epoch_batches(other)[0][0]
    )


def test_too_few_images_for_a_batch_are_refused():
    config = dataclasses.replace(PLAIN, batch_size=11)
    with pytest.raises(
        ValueError, match="config.batch_size = 11 training images, got 10"
    ):
        data.training_batches(make_split(10), config)


def test_test_batches_have_all_images_in_order():
    batches = list(data.test_batches(make_split(5), batch_size=2))
    images = np.concatenate([images for images, _ in batches])
    labels = np.concatenate([labels for _, labels in batches])
    np.testing.assert_array_equal(
        images[:, 0, 0, 0], np.arange(5, dtype=np.float32) / 255
    )
    assert labels.tolist() == [0, 1, 2, 3, 4]


# --- augmentation ---


def random_images(number=64, height=6, width=8):
    shape = (number, height, width, 3)
    return np.random.default_rng(0).integers(1, 256, shape, np.uint8)


def test_without_augmentation_pixels_become_floats():
    images = random_images()
    np.testing.assert_array_equal(
        change(images), images.astype(np.float32) / np.float32(255)
    )


def test_the_seed_decides():
    images = random_images()
    options = {"flip": True, "crop_padding": 2, "erasing": 0.5}
    first, again, other = (
        change(images, seed, **options) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_about_half_the_images_are_mirrored():
    images = random_images()
    flipped = change(images, flip=True)
    plain = change(images)
    is_mirrored = (flipped == plain[:, :, ::-1]).all(axis=(1, 2, 3))
    is_same = (flipped == plain).all(axis=(1, 2, 3))
    assert (is_mirrored ^ is_same).all()
    assert 16 < is_mirrored.sum() < 48


def test_a_crop_is_a_window_of_the_padded_image():
    images = random_images()
    cropped = change(images, crop_padding=1)
    padded = np.pad(change(images), [(0, 0), (1, 1), (1, 1), (0, 0)])
    places = {
        (top, left): (cropped == padded[:, top : top + 6, left : left + 8]).all(
            axis=(1, 2, 3)
        )
        for top in range(3)
        for left in range(3)
    }
    assert (sum(places.values()) == 1).all()
    assert all(matches.any() for matches in places.values())


def test_erasing_covers_one_rectangle_with_one_colour():
    images = random_images(number=200, height=16, width=16)
    plain = change(images)
    erased = change(images, erasing=0.5)
    changed = (plain != erased).any(axis=-1)
    touched = changed.any(axis=(1, 2))
    assert 70 < touched.sum() < 130
    for image, mask in zip(erased[touched], changed[touched], strict=True):
        rows, columns = mask.any(axis=1), mask.any(axis=0)
        # A pixel may have had the colour before, but hardly ever.
        assert mask.sum() == rows.sum() * columns.sum()
        assert 1 <= mask.sum() <= 0.5 * mask.size
        assert (image[mask] == image[mask][0]).all()
        assert 0 <= image[mask][0].min() <= image[mask][0].max() <= 1
