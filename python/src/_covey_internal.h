/* SPDX-License-Identifier: MIT */
/* What the two halves of the module share. Python.h comes first, as it asks. */
#ifndef COVEY_PYTHON_INTERNAL_H
#define COVEY_PYTHON_INTERNAL_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "covey/cluster.h"

/* Sets the exception that belongs to `status`, with Covey's sentence; always answers NULL. */
PyObject *covey_python_raise(covey_status status, const covey_error *err);

/* Progress as Python sees it: `user` is a callable (stage, done, total) or None. Takes the GIL;
 * an exception, Ctrl-C too, asks the library to stop and is there afterwards. */
int covey_python_progress(void *user, const char *stage, size_t done, size_t total);

/* describe(...) of _covey_network.c */
PyObject *covey_python_describe(PyObject *self, PyObject *args);

#endif
