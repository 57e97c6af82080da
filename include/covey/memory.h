/* SPDX-License-Identifier: MIT */
/* Memory: a limit under which large arrays lie on disk, and arrays for rows that obey it.
 *
 *     covey_memory_limit((size_t)1 << 30, NULL, &err);
 *     covey_matrix_load(&features, "features.npy", &err);   // may be larger than that
 *
 * The limit is the process's, as the memory it bounds is. Results never depend on it. */
#ifndef COVEY_MEMORY_H
#define COVEY_MEMORY_H

#include <stddef.h>

#include "covey/status.h"

COVEY_BEGIN_DECLS

/* The smallest limit that covey_memory_limit takes, in bytes. */
#define COVEY_MEMORY_LEAST ((size_t)64 << 20)

/* From now on the library's arrays of more than limit / 256 bytes (at least 1 MiB) are made in
 * files without a name in `folder` (NULL: $TMPDIR, else /var/tmp), mapped into memory. A thread of
 * the library's reads them ahead of the work and lets go of them before the process, all it holds
 * counted, has `limit` bytes resident: the system may then write them out and reuse the memory. The
 * files are gone with the arrays, and with the process however it ends.
 *
 * limit 0: no limit for arrays made from now on. Otherwise at least COVEY_MEMORY_LEAST
 * (COVEY_E_ARGUMENT). A folder that cannot be written (COVEY_E_IO, COVEY_E_NOT_FOUND) or that lies
 * in memory itself, as a tmpfs does (COVEY_E_UNSUPPORTED), is refused. A disk that is full makes
 * later allocations fail with COVEY_E_NOMEM, saying so. A disk that fails while a mapped array is
 * read ends the process with SIGBUS, as with any mapped file.
 * Safe from any thread; `folder` is copied. */
COVEY_API COVEY_NODISCARD covey_status covey_memory_limit(size_t limit, const char *folder,
                                                          covey_error *err);

/* An array of `bytes`, 64-byte aligned and not zeroed, freed with covey_free; on disk where the
 * limit asks for that. NULL if there is no room. Safe from any thread. */
COVEY_API void *covey_memory_new(size_t bytes);

/* The same for n rows of `row_bytes`, to be made of the rows of `like`: where each rank holds its own of
 * those (covey/ranks.h), it has room for its own of these. `like` is not read and may be NULL. */
COVEY_API void *covey_memory_new_rows(const void *like, size_t n, size_t row_bytes);

COVEY_END_DECLS

#endif
