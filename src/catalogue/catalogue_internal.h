/* SPDX-License-Identifier: MIT */
/* The catalogue as a run uses it: nothing here can fail a run. What goes wrong is kept as the
 * catalogue's trouble, after which every question is answered "not known". */
#ifndef COVEY_CATALOGUE_INTERNAL_H
#define COVEY_CATALOGUE_INTERNAL_H

#include <sqlite3.h>
#include <sys/stat.h>

#include "base_internal.h"
#include "covey/catalogue.h"

/* All that a description depends on besides the photo. */
typedef struct covey__recipe {
    const char *weights, *preparation, *engine, *pooling;
    size_t channels;
} covey__recipe;

/* A file as a scan saw it. */
typedef struct covey__stamp {
    int64_t device, inode, size, mtime, ctime; /* times in ns since 1970 */
} covey__stamp;

/* A kept photo without its features. `thumb` is NULL where there is none. */
typedef struct covey__kept {
    uint8_t sha256[32];
    uint32_t width, height;
    uint64_t bytes;
    const uint8_t *thumb;
    size_t thumb_bytes;
    int64_t id; /* of the row, once found */
    int stale;  /* its last use is more than a day ago: covey__catalogue_touch it */
} covey__kept;

void covey__stamp_of(covey__stamp *out, const struct stat *info);

/* Whether a stamp taken at `now` (ns since 1970) may be entered: a file that changed less than two
 * seconds before could change again without its times showing it. */
int covey__stamp_is_settled(const covey__stamp *stamp, int64_t now);

/* The recipe that all calls below mean from now on. Call once. */
void covey__catalogue_use(covey_catalogue *catalogue, const covey__recipe *recipe);

/* Many questions between these two are faster; no write in between. */
void covey__catalogue_begin_reading(covey_catalogue *catalogue);
void covey__catalogue_end_reading(covey_catalogue *catalogue);

/* The digest of the file with this stamp: 1 and *sha256, or 0. */
int covey__catalogue_find_stamp(covey_catalogue *catalogue, uint8_t sha256[32],
                                const covey__stamp *stamp);

/* Whether a photo of so many bytes is kept: where none is, its digest need not be taken. */
int covey__catalogue_has_size(covey_catalogue *catalogue, uint64_t bytes);

/* 1 with *out and features [channels], or 0. out->thumb is valid until the next call. A row that
 * does not match its checksum is not known. */
int covey__catalogue_find(covey_catalogue *catalogue, covey__kept *out, float *features,
                          const uint8_t sha256[32]);

/* One transaction around any number of the three that follow. */
void covey__catalogue_begin(covey_catalogue *catalogue);
void covey__catalogue_put(covey_catalogue *catalogue, const covey__kept *photo,
                          const float *features);
void covey__catalogue_put_stamp(covey_catalogue *catalogue, const covey__stamp *stamp,
                                const uint8_t sha256[32]);
void covey__catalogue_touch(covey_catalogue *catalogue, int64_t id);
void covey__catalogue_commit(covey_catalogue *catalogue);

/* ---- between the files of this folder ------------------------------------------------------- */

enum { COVEY__CATALOGUE_VERSION = 1, COVEY__CATALOGUE_APPLICATION = 0x436f7665 };

/* (name, text). Prepared when first used. */
#define COVEY__STATEMENT_MAP(X)                                                                  \
    X(FIND_RECIPE, "SELECT id FROM recipe WHERE weights=?1 AND preparation=?2 AND engine=?3 "    \
                   "AND pooling=?4 AND channels=?5")                                             \
    X(ADD_RECIPE, "INSERT OR IGNORE INTO recipe(weights,preparation,engine,pooling,channels) "   \
                  "VALUES(?1,?2,?3,?4,?5)")                                                      \
    X(FIND_STAMP, "SELECT size,mtime,ctime,sha256 FROM seen WHERE device=?1 AND inode=?2")       \
    X(FIND_SIZE, "SELECT 1 FROM photo WHERE recipe=?1 AND bytes=?2 LIMIT 1")                     \
    X(FIND_PHOTO, "SELECT p.id,p.bytes,p.width,p.height,p.used,c.features,c.thumb,c.checksum "   \
                  "FROM photo p JOIN content c ON c.id=p.id WHERE p.recipe=?1 AND p.sha256=?2")  \
    X(DROP_CONTENT, "DELETE FROM content WHERE id=(SELECT id FROM photo WHERE recipe=?1 AND "     \
                    "sha256=?2)")                                                                \
    X(DROP_PHOTO, "DELETE FROM photo WHERE recipe=?1 AND sha256=?2")                             \
    X(ADD_PHOTO, "INSERT INTO photo(recipe,sha256,bytes,width,height,used) "                     \
                 "VALUES(?1,?2,?3,?4,?5,?6)")                                                    \
    X(ADD_CONTENT, "INSERT OR REPLACE INTO content(id,features,thumb,checksum) "                 \
                   "VALUES(?1,?2,?3,?4)")                                                        \
    X(ADD_STAMP, "INSERT OR REPLACE INTO seen(device,inode,size,mtime,ctime,sha256) "            \
                 "VALUES(?1,?2,?3,?4,?5,?6)")                                                    \
    X(TOUCH, "UPDATE photo SET used=?2 WHERE id=?1")

typedef enum covey__statement {
#define COVEY__STATEMENT_ENUM(name, text) COVEY__STATEMENT_##name,
    COVEY__STATEMENT_MAP(COVEY__STATEMENT_ENUM)
#undef COVEY__STATEMENT_ENUM
    COVEY__STATEMENT_COUNT
} covey__statement;

struct covey_catalogue {
    sqlite3 *db;
    char *path;
    sqlite3_stmt *statements[COVEY__STATEMENT_COUNT];
    int64_t recipe;           /* -1: not in the catalogue yet */
    uint8_t recipe_digest[32];
    char *weights, *preparation, *engine, *pooling;
    size_t channels;
    int in_transaction;
    covey__text scratch; /* what a checksum is taken over */
    covey_error trouble; /* status != 0: unusable */
};

/* The sentence for a failure of SQLite's: fills *err, returns the status. */
covey_status covey__catalogue_fail(const covey_catalogue *catalogue, int code, const char *what,
                                   covey_error *err);

covey_status covey__catalogue_exec(covey_catalogue *catalogue, const char *sql, covey_error *err);

/* A statement for one use; finalised by the caller. */
covey_status covey__catalogue_prepare(covey_catalogue *catalogue, sqlite3_stmt **out,
                                      const char *sql, covey_error *err);

/* -1 if memory runs out: *digest is left alone. */
int covey__recipe_digest(uint8_t digest[32], const covey__recipe *recipe);

/* SHA-256 over recipe, digest, sizes, features and thumbnail; -1 if memory runs out. */
int covey__kept_checksum(uint8_t checksum[32], covey__text *scratch,
                         const uint8_t recipe_digest[32], const covey__kept *photo,
                         const void *features, size_t feature_bytes);

#endif
