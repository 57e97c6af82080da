/* SPDX-License-Identifier: MIT */
/* The module covey._covey: clustering and measures on buffers, in the stable ABI of Python 3.11.
 * Arrays come in as buffers that are read in place and go out as bytearrays, which NumPy views
 * without a copy; the checks of shapes and types are in Python. The GIL is released for the work. */
#include "_covey_internal.h"

#include <math.h>

PyObject *covey_python_raise(covey_status status, const covey_error *err) {
    if (PyErr_Occurred()) /* of the progress callable: it asked for the stop */
        return NULL;
    PyObject *kind = PyExc_ValueError;
    if (status == COVEY_E_NOMEM)
        kind = PyExc_MemoryError;
    else if (status == COVEY_E_IO || status == COVEY_E_NOT_FOUND || status == COVEY_E_DECODER ||
             status == COVEY_E_NO_WEIGHTS || status == COVEY_E_DIGEST || status == COVEY_E_EXISTS)
        kind = PyExc_OSError;
    else if (status == COVEY_E_INTERNAL)
        kind = PyExc_RuntimeError;
    const char *message = err->message[0] ? err->message : covey_status_str(status);
    PyObject *path = err->path[0] ? PyUnicode_DecodeFSDefault(err->path) : NULL;
    if (path)
        PyErr_Format(kind, "%U: %s", path, message);
    else if (!PyErr_Occurred())
        PyErr_SetString(kind, message);
    Py_XDECREF(path);
    return NULL;
}

int covey_python_progress(void *user, const char *stage, size_t done, size_t total) {
    PyGILState_STATE gil = PyGILState_Ensure();
    int stop = PyErr_Occurred() || PyErr_CheckSignals();
    if (!stop && user != Py_None) {
        PyObject *answer = PyObject_CallFunction((PyObject *)user, "snn", stage, (Py_ssize_t)done,
                                                 (Py_ssize_t)total);
        stop = !answer;
        Py_XDECREF(answer);
    }
    PyGILState_Release(gil);
    return stop;
}

/* `values`: a sequence of (name, text). */
static int read_loss(covey_loss *loss, const char *name, PyObject *values) {
    covey_error err = {0};
    covey_status status = covey_loss_find(loss, name, &err);
    Py_ssize_t n = status == COVEY_OK ? PyTuple_Size(values) : 0;
    if (n < 0)
        return 0;
    for (Py_ssize_t i = 0; i < n && status == COVEY_OK; ++i) {
        const char *key, *text;
        if (!PyArg_ParseTuple(PyTuple_GetItem(values, i), "ss", &key, &text))
            return 0;
        status = covey_loss_set_param(loss, key, text, &err);
    }
    if (status == COVEY_OK)
        return 1;
    covey_python_raise(status, &err);
    return 0;
}

static PyObject *bytes_of(const void *data, size_t size) {
    return PyByteArray_FromStringAndSize(data, (Py_ssize_t)size);
}

/* Puts `value`, which it takes, into `dict`; 0 on failure. */
static int put(PyObject *dict, const char *key, PyObject *value) {
    int done = value && PyDict_SetItemString(dict, key, value) == 0;
    Py_XDECREF(value);
    return done;
}

static PyObject *params_of(const covey_loss *loss) {
    PyObject *dict = PyDict_New();
    for (int i = 0; dict && i < COVEY_LOSS_PARAMS && loss->ops->params[i].name; ++i)
        if (!put(dict, loss->ops->params[i].name, PyFloat_FromDouble(loss->params[i])))
            Py_CLEAR(dict);
    return dict;
}

static PyObject *history_of(const covey_clustering *c) {
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < c->n_history; ++i) {
        const covey_round *r = &c->history[i];
        PyObject *row = Py_BuildValue("(iiddn)", r->restart, r->round, r->objective, r->shift,
                                      (Py_ssize_t)r->moved);
        if (!row || PyList_Append(list, row))
            Py_CLEAR(list);
        Py_XDECREF(row);
    }
    return list;
}

static PyObject *clustering_dict(const covey_clustering *c) {
    PyObject *out = PyDict_New();
    if (!out)
        return NULL;
    if (put(out, "k", PyLong_FromSize_t(c->k)) &&
        put(out, "centres", bytes_of(c->centres, c->k * c->d * sizeof *c->centres)) &&
        put(out, "labels", bytes_of(c->labels, c->n * sizeof *c->labels)) &&
        put(out, "distance", bytes_of(c->distance, c->n * sizeof *c->distance)) &&
        put(out, "weight", bytes_of(c->weight, c->n * sizeof *c->weight)) &&
        put(out, "representatives",
            bytes_of(c->representatives, c->k * sizeof *c->representatives)) &&
        put(out, "medoids", bytes_of(c->medoids, c->k * sizeof *c->medoids)) &&
        put(out, "objective", PyFloat_FromDouble(c->objective)) &&
        put(out, "rounds", PyLong_FromLong(c->rounds)) &&
        put(out, "converged", PyBool_FromLong(c->converged)) &&
        put(out, "params", params_of(&c->loss)) && put(out, "history", history_of(c)))
        return out;
    Py_DECREF(out);
    return NULL;
}

static PyObject *cluster(PyObject *self, PyObject *args) {
    (void)self;
    Py_buffer x, centres = {0};
    Py_ssize_t n, d, k;
    const char *name, *solver;
    PyObject *values, *start_centres, *progress;
    int start, restarts, rounds, threads, empty;
    double tolerance;
    unsigned long long seed;
    if (!PyArg_ParseTuple(args, "y*nnnsO!iOiidKiisO", &x, &n, &d, &k, &name, &PyTuple_Type,
                          &values, &start, &start_centres, &restarts, &rounds, &tolerance, &seed,
                          &threads, &empty, &solver, &progress))
        return NULL;
    PyObject *out = NULL;
    covey_loss loss;
    covey_error err = {0};
    covey_clustering result = {0};
    covey_cluster_params params = covey_cluster_params_default();
    covey_status status = covey_solver_find(&params.solver, solver, &err);
    if (status != COVEY_OK) {
        covey_python_raise(status, &err);
        goto done;
    }
    if (!read_loss(&loss, name, values))
        goto done;
    if (start_centres != Py_None) {
        if (PyObject_GetBuffer(start_centres, &centres, PyBUF_SIMPLE))
            goto done;
        params.centres = centres.buf;
    }
    params.k = (size_t)k;
    params.start = (covey_start)start;
    params.restarts = restarts;
    params.max_rounds = rounds;
    params.tolerance = tolerance;
    params.seed = seed;
    params.threads = threads;
    params.empty = (covey_empty)empty;
    params.progress = covey_python_progress;
    params.progress_user = progress;
    Py_BEGIN_ALLOW_THREADS;
    status = covey_cluster_compute(&result, x.buf, (size_t)n, (size_t)d, &loss, &params, &err);
    Py_END_ALLOW_THREADS;
    out = status == COVEY_OK ? clustering_dict(&result) : covey_python_raise(status, &err);
    covey_clustering_fini(&result);
done:
    PyBuffer_Release(&x);
    if (centres.obj)
        PyBuffer_Release(&centres);
    return out;
}

/* The assignment's measure of one row to one centre: r under a radial loss, the loss else. Under a
 * spherical loss, 1 - cos, r lies between the row scaled to length 1 and the centre: r^2 = 2 loss. */
static double measure_of(const covey_loss *loss, const double *row, const double *centre,
                         size_t d) {
    if (loss->ops->geometry == COVEY_GEOMETRY_COORDINATE)
        return covey_loss_compute(loss, row, centre, d);
    if (loss->ops->traits & COVEY_LOSS_SPHERICAL)
        return sqrt(2 * covey_loss_compute(loss, row, centre, d));
    double sum = 0;
    for (size_t j = 0; j < d; ++j)
        sum += (row[j] - centre[j]) * (row[j] - centre[j]);
    return sqrt(sum);
}

/* measure(x, n, d, centres, k, loss, params, distances or None, labels or None) -> summed loss to
 * the nearest centres. distances [n][k] float64, labels [n] int32, both written to. */
static PyObject *measure(PyObject *self, PyObject *args) {
    (void)self;
    Py_buffer x, centres, distances = {0}, labels = {0};
    Py_ssize_t n, d, k;
    const char *name;
    PyObject *values, *distances_at, *labels_at, *out = NULL;
    if (!PyArg_ParseTuple(args, "y*nny*nsO!OO", &x, &n, &d, &centres, &k, &name, &PyTuple_Type,
                          &values, &distances_at, &labels_at))
        return NULL;
    covey_loss loss;
    double total = 0, *row = PyMem_Malloc((size_t)(d ? d : 1) * sizeof *row);
    if (!row) {
        PyErr_NoMemory();
        goto done;
    }
    if (!read_loss(&loss, name, values) ||
        (distances_at != Py_None &&
         PyObject_GetBuffer(distances_at, &distances, PyBUF_WRITABLE)) ||
        (labels_at != Py_None && PyObject_GetBuffer(labels_at, &labels, PyBUF_WRITABLE)))
        goto done;
    const float *rows = x.buf;
    const double *centre = centres.buf;
    Py_BEGIN_ALLOW_THREADS;
    for (Py_ssize_t i = 0; i < n; ++i) {
        double least = INFINITY;
        Py_ssize_t nearest = 0;
        for (Py_ssize_t j = 0; j < d; ++j)
            row[j] = (double)rows[i * d + j];
        for (Py_ssize_t c = 0; c < k; ++c) {
            double value = measure_of(&loss, row, centre + c * d, (size_t)d);
            if (distances.obj)
                ((double *)distances.buf)[i * k + c] = value;
            if (value < least) {
                least = value;
                nearest = c;
            }
        }
        if (labels.obj)
            ((int32_t *)labels.buf)[i] = (int32_t)nearest;
        total += covey_loss_compute(&loss, row, centre + nearest * d, (size_t)d);
    }
    Py_END_ALLOW_THREADS;
    out = PyFloat_FromDouble(total);
done:
    PyMem_Free(row);
    PyBuffer_Release(&x);
    PyBuffer_Release(&centres);
    if (distances.obj)
        PyBuffer_Release(&distances);
    if (labels.obj)
        PyBuffer_Release(&labels);
    return out;
}

static PyObject *losses(PyObject *self, PyObject *unused) {
    (void)self;
    (void)unused;
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < covey_loss_count(); ++i) {
        const covey_loss_ops *ops = covey_loss_get(i);
        PyObject *row = Py_BuildValue(
            "(sss)", ops->name, ops->formula,
            ops->geometry == COVEY_GEOMETRY_RADIAL ? "radial" : "coordinate");
        if (!row || PyList_Append(list, row))
            Py_CLEAR(list);
        Py_XDECREF(row);
    }
    return list;
}

static PyMethodDef methods[] = {
    {"cluster", cluster, METH_VARARGS, "Generalized clustering of float32 rows."},
    {"measure", measure, METH_VARARGS, "Measures of rows to centres."},
    {"losses", losses, METH_NOARGS, "(name, formula, geometry) of every loss."},
    {"describe", covey_python_describe, METH_VARARGS, "The network's features of photos."},
    {NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT,
                                    "_covey",
                                    "Covey's library for Python; use the package covey.",
                                    -1,
                                    methods,
                                    NULL,
                                    NULL,
                                    NULL,
                                    NULL};

PyMODINIT_FUNC PyInit__covey(void) {
    return PyModule_Create(&module);
}
