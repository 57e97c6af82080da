# SPDX-License-Identifier: MIT
"""VGG16Features: its contract, and its numbers against a convolution by NumPy."""

import json
import pickle
import struct

import numpy as np
import pytest
from covey import LossKMeans, VGG16Features
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

BLOCKS = [1, 1, 2, 2, 2]  # VGG11
SIDE = 32


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A VGG11 of 16 channels as safetensors, and its tensors."""
    random = np.random.default_rng(0)
    tensors, number, inputs = {}, 0, 3
    for block in BLOCKS:
        for _ in range(block):
            shape = (16, inputs, 3, 3)
            weight = random.normal(size=shape) * np.sqrt(2 / (9 * inputs))
            tensors[f"features.{number}.weight"] = weight.astype(np.float32)
            tensors[f"features.{number}.bias"] = np.full(16, 0.05, np.float32)
            number, inputs = number + 2, 16
        number += 1
    header, data = {}, b""
    for name, value in tensors.items():
        end = len(data) + value.nbytes
        header[name] = {"dtype": "F32", "shape": value.shape, "data_offsets": [len(data), end]}
        data += value.tobytes()
    text = json.dumps(header).encode()
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path, tensors


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(1).integers(0, 256, (5, SIDE, SIDE, 3), np.uint8)


POOLS = {
    "mean": lambda x: x.mean((1, 2)),
    "max": lambda x: x.max((1, 2)),
    "gem": lambda x: np.cbrt((x**3).mean((1, 2))),
}


def direct(photo, tensors, pool):
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    x = ((photo / 255 - mean) / std).transpose(2, 0, 1)
    number = 0
    for block in BLOCKS:
        for _ in range(block):
            weight = tensors[f"features.{number}.weight"].astype(float)
            padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
            windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
            x = np.einsum("cyxij,ocij->oyx", windows, weight)
            x = np.maximum(x + tensors[f"features.{number}.bias"][:, None, None], 0)
            number += 2
        x = x.reshape(16, x.shape[1] // 2, 2, x.shape[2] // 2, 2).max((2, 4))
        number += 1
    return POOLS[pool](x)


@pytest.mark.parametrize("pool", POOLS)
def test_against_numpy(network, pool):
    # 64 x 64: four places in the last layer, so that the poolings differ
    pixels = np.random.default_rng(3).integers(0, 256, (3, 64, 64, 3), np.uint8)
    got = VGG16Features(network[0], pooling=pool).transform(pixels)
    assert got.dtype == np.float32 and got.shape == (3, 16)
    want = np.stack([direct(photo, network[1], pool) for photo in pixels])
    assert np.linalg.norm(got - want) < 1e-5 * np.linalg.norm(want)


def test_a_photo_alone_and_among_others(network, pixels):
    together = VGG16Features(network[0], batch_size=3).transform(pixels)
    alone = VGG16Features(network[0], n_jobs=1).transform(pixels[2:3])
    assert together[2].tobytes() == alone[0].tobytes()
    views = pixels[:, ::-1][:, ::-1]
    assert VGG16Features(network[0]).transform(views).tobytes() == together.tobytes()


def test_contract(network, pixels):
    model = VGG16Features(network[0], batch_size=2)
    tags = get_tags(model)
    assert not tags.input_tags.two_d_array and not tags.requires_fit
    check_is_fitted(model)
    assert clone(model).get_params() == model.get_params()
    before = dict(vars(model))
    assert model.fit(pixels) is model
    assert vars(model) == before
    assert pickle.loads(pickle.dumps(model)).transform(pixels).shape == (5, 16)
    np.testing.assert_array_equal(model.fit_transform(pixels), model.transform(pixels))


def test_names_of_columns(network, pixels):
    """As many as the network has channels, before and after transform, and anew for other weights."""
    model = VGG16Features(network[0])
    assert list(model.get_feature_names_out())[-1] == "vgg16features15"
    model.transform(pixels)
    assert len(model.get_feature_names_out()) == 16
    model.set_params(weights="/no/such/file.pth")
    with pytest.raises(OSError, match="/no/such/file.pth"):
        model.get_feature_names_out()
    frame = VGG16Features(network[0]).set_output(transform="default").fit_transform(pixels)
    assert frame.shape == (5, 16)


def test_progress(network, pixels, capfd):
    VGG16Features(network[0], verbose=1, batch_size=2).transform(pixels)
    assert "covey: extract 5/5, " in capfd.readouterr().err
    seen = []
    VGG16Features(network[0], verbose=lambda *told: seen.append(told)).transform(pixels)
    assert seen[-1] == ("extract", 5, 5)


def test_pipeline_and_grid(network, pixels):
    pipeline = make_pipeline(VGG16Features(network[0]), LossKMeans(n_clusters=2, n_init=1))
    assert set(pipeline.fit_predict(pixels)) == {0, 1}
    search = GridSearchCV(
        pipeline, {"losskmeans__loss": ["huber", "square"]}, cv=2, error_score="raise"
    )
    assert search.fit(pixels).predict(pixels).shape == (5,)
    with pytest.raises(NotFittedError):
        LossKMeans().predict(np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("photos", "words"),
    [
        ("a.jpg", "one path"),
        ([], "no photo"),
        (np.zeros((0, 32, 32, 3), np.uint8), "no photo"),
        (np.zeros((2, 32, 32, 3)), "float64"),
        (np.zeros((2, 32, 32), np.uint8), "shape"),
        (np.zeros((2, 8, 8, 3), np.uint8), "8 x 8"),
        ([1, 2], "not a path"),
    ],
)
def test_bad_input(network, photos, words):
    with pytest.raises(ValueError, match=words):
        VGG16Features(network[0]).transform(photos)


def test_bad_parameters(network, pixels, tmp_path):
    bad = {"batch_size": 65, "precision": "half", "pooling": "sum", "on_error": "skip"}
    for params in ({name: value} for name, value in bad.items()):
        with pytest.raises(ValueError, match=next(iter(params))):
            VGG16Features(network[0], **params).fit(pixels)
    with pytest.raises(OSError, match="missing.pth"):
        VGG16Features(tmp_path / "missing.pth").transform(pixels)
    with pytest.raises(OSError, match="no weights named"):
        VGG16Features("nobody").transform(pixels)
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(ValueError, match="not a file of weights"):
        VGG16Features(tmp_path / "text.pth").transform(pixels)


def write_png(path, photo):
    import zlib

    def chunk(kind, body):
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    height, width = photo.shape[:2]
    lines = b"".join(b"\0" + line.tobytes() for line in photo)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


def test_photos(network, tmp_path):
    photo = np.random.default_rng(2).integers(0, 256, (224, 224, 3), np.uint8)
    write_png(tmp_path / "good.png", photo)
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    model = VGG16Features(network[0], on_error="nan", exact=True)
    paths = [tmp_path / "good.png", str(tmp_path / "bad.png"), tmp_path / "none.png"]
    got = model.transform(paths)
    assert got[0].tobytes() == model.transform(photo[None])[0].tobytes()
    model.transform(paths)
    assert sorted(model.skipped_) == [1, 2] and all(model.skipped_.values())
    assert np.isnan(got[1:]).all()
    with pytest.raises(ValueError, match="bad.png: "):
        VGG16Features(network[0]).transform(paths[:2])
