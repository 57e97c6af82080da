# SPDX-License-Identifier: MIT
"""LossKMeans against scikit-learn's contract, NumPy's definitions, and its own words."""

import pickle
import threading

import numpy as np
import pytest
from covey import LossKMeans, losses
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks


@parametrize_with_checks([LossKMeans(n_init=2), LossKMeans("correntropy", n_init=2)])
def test_contract(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    centres = random.normal(size=(4, 6)) * 4
    labels = np.arange(160) % 4
    return (centres[labels] + random.normal(size=(160, 6))).astype(np.float32), labels


def test_square_is_kmeans(rows):
    x, truth = rows
    ours = LossKMeans("square", 4).fit(x)
    theirs = KMeans(4, n_init=10, random_state=0).fit(x)
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-6)
    assert adjusted_rand_score(ours.labels_, theirs.labels_) == 1
    assert adjusted_rand_score(ours.labels_, truth) > 0.9
    for c in range(4):
        np.testing.assert_allclose(ours.cluster_centers_[c], x[ours.labels_ == c].mean(0), 1e-5)


def test_absolute_has_medians(rows):
    model = LossKMeans("l1", 4).fit(rows[0])
    for c in range(4):
        median = np.median(rows[0][model.labels_ == c], axis=0)
        np.testing.assert_allclose(model.cluster_centers_[c], median, atol=1e-6)


@pytest.mark.parametrize("loss", losses())
def test_every_loss(rows, loss):
    x = rows[0]
    model = LossKMeans(loss, 4, n_init=3).fit(x)
    kept = model.labels_ >= 0
    np.testing.assert_array_equal(model.predict(x)[kept], model.labels_[kept])
    measures = model.transform(x)
    assert measures.shape == (160, 4)
    np.testing.assert_array_equal(measures.argmin(1), model.predict(x))
    np.testing.assert_allclose(measures.min(1)[kept], model.distances_[kept], 1e-5, 1e-6)
    if kept.all() and loss != "cosine":
        assert -model.score(x) == pytest.approx(model.inertia_, rel=1e-5)


def test_huber_by_its_formula(rows):
    x, delta = rows[0], 0.7
    model = LossKMeans("huber", 3, loss_params={"delta": delta}).fit(x)
    assert model.loss_params_ == {"delta": delta}
    u = np.abs(x[:, None, :].astype(float) - model.cluster_centers_)
    rho = np.where(u <= delta, u**2 / 2, delta * (u - delta / 2)).sum(2)
    np.testing.assert_allclose(model.transform(x), rho, 1e-9)
    assert model.score(x) == pytest.approx(-rho.min(1).sum(), rel=1e-9)


def test_same_bytes_on_any_threads_and_layout(rows):
    x = rows[0]
    one = LossKMeans(n_clusters=4, n_jobs=1).fit(x)
    for other in (x.astype(np.float64), np.asfortranarray(x), x.tolist()):
        model = LossKMeans(n_clusters=4, n_jobs=2).fit(other)
        assert model.cluster_centers_.tobytes() == one.cluster_centers_.tobytes()
        assert model.labels_.tobytes() == one.labels_.tobytes()


def test_read_in_place():
    """float32 rows in C order are not copied on their way into the library."""
    import tracemalloc

    x = np.random.default_rng(1).normal(size=(20000, 64)).astype(np.float32)
    x.setflags(write=False)
    model = LossKMeans("square", 2, n_init=1, max_iter=2, n_jobs=1)
    tracemalloc.start()
    model.fit(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < x.nbytes / 2


def test_gil_is_released(rows):
    x = np.tile(rows[0], (400, 8)) + np.random.default_rng(2).normal(size=(64000, 48))
    x = x.astype(np.float32)
    done, ticks = threading.Event(), [0]

    def count():
        while not done.wait(0.001):
            ticks[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    LossKMeans(n_clusters=8, n_init=1, max_iter=20).fit(x)
    done.set()
    thread.join()
    assert ticks[0] > 3


def test_pipeline_and_grid(rows):
    x = rows[0]
    pipeline = make_pipeline(StandardScaler(), LossKMeans(n_init=2))
    search = GridSearchCV(
        pipeline,
        {"losskmeans__loss": ["huber", "absolute"], "losskmeans__n_clusters": [2, 4]},
        cv=2,
        error_score="raise",
    ).fit(x)
    assert len(search.cv_results_["params"]) == 4
    assert search.best_params_["losskmeans__n_clusters"] == 4
    assert search.predict(x).shape == (160,)


def test_pickle_and_names(rows):
    model = LossKMeans("tukey", 3, n_init=2).fit(rows[0])
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(rows[0]), model.labels_)
    assert list(model.get_feature_names_out()) == [f"losskmeans{i}" for i in range(3)]


def test_starts(rows):
    x = rows[0]
    for init in ("k-means||", "random", "loss++", x[:4].astype(float)):
        assert LossKMeans(n_clusters=4, init=init, n_init=3).fit(x).converged_


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"loss": "hubber"}, "did you mean"),
        ({"loss_params": {"delta": -1}}, "delta"),
        ({"loss_params": {"sigma": 1}}, "sigma"),
        ({"solver": "exact"}, "exact"),
        ({"n_clusters": 0}, "n_clusters is 0"),
        ({"n_clusters": 2.5}, "n_clusters is 2.5"),
        ({"n_clusters": 161}, "n_samples=160 should be >= n_clusters=161"),
        ({"init": "first"}, "init is 'first'"),
        ({"init": np.zeros((2, 2))}, "init has the shape"),
        ({"empty": "fill"}, "empty is 'fill'"),
        ({"tol": -1}, "tol is -1"),
        ({"n_jobs": 0}, "n_jobs is 0"),
        ({"random_state": -1}, "random_state"),
    ],
)
def test_bad_parameters(rows, params, words):
    with pytest.raises(ValueError, match=words):
        LossKMeans(**{"n_clusters": 3, **params}).fit(rows[0])


def test_fewer_distinct_rows_than_clusters():
    with pytest.raises(ValueError, match="distinct"):
        LossKMeans(n_clusters=3).fit(np.ones((10, 2), np.float32))


def test_progress(rows, capfd):
    LossKMeans(n_clusters=2, n_init=2, verbose=1).fit(rows[0])
    assert "covey: cluster" in capfd.readouterr().err


def test_an_exception_stops_the_fit(rows):
    """Ctrl-C is one: it leaves fit as itself, and nothing counts as fitted."""

    def stop(stage, done, total):
        raise KeyboardInterrupt

    model = LossKMeans(n_clusters=2, verbose=stop)
    with pytest.raises(KeyboardInterrupt):
        model.fit(rows[0])
    assert not hasattr(model, "labels_")


def test_without_sklearn(rows, tmp_path):
    """NumPy alone is enough."""
    import subprocess
    import sys

    np.save(tmp_path / "x.npy", rows[0])
    script = """
import sys
sys.modules["sklearn"] = None
import numpy as np, covey
x = np.load(sys.argv[1])
m = covey.LossKMeans(n_clusters=4)
assert m.get_params()["n_clusters"] == 4 and m.set_params(n_init=2).n_init == 2
assert m.fit_predict(x).shape == (160,) and m.fit_transform(x).shape == (160, 4)
for bad in (x[:, :2], x * np.nan, x[0]):
    try:
        m.predict(bad)
    except ValueError:
        continue
    raise SystemExit("accepted")
print("alone")
"""
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "x.npy"], capture_output=True, text=True
    )
    assert done.stdout == "alone\n", done.stderr
