/* SPDX-License-Identifier: MIT */
/* Looking up and keeping photos. Every row carries a checksum over all that it says, which is
 * checked whenever it is read: damage costs one computation, never a wrong description. */
#include <string.h>
#include <time.h>

#include "catalogue_internal.h"

/* A use is entered once a day: a run of what is all known writes next to nothing. */
enum { DAY = 86400 };

static const int64_t SETTLED = 2000000000; /* ns */

/* ---- stamps and checksums -------------------------------------------------------------------- */

static int64_t nanoseconds(struct timespec t) {
    return (int64_t)((uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
}

void covey__stamp_of(covey__stamp *out, const struct stat *info) {
    *out = (covey__stamp){(int64_t)info->st_dev, (int64_t)info->st_ino, (int64_t)info->st_size,
                          nanoseconds(info->st_mtim), nanoseconds(info->st_ctim)};
}

int covey__stamp_is_settled(const covey__stamp *stamp, int64_t now) {
    return stamp->mtime < now - SETTLED && stamp->ctime < now - SETTLED;
}

static void add_number(covey__text *text, uint64_t value) {
    uint8_t bytes[8];
    for (int i = 0; i < 8; ++i)
        bytes[i] = (uint8_t)(value >> (8 * i));
    covey__text_add_bytes(text, bytes, sizeof bytes);
}

int covey__recipe_digest(uint8_t digest[32], const covey__recipe *recipe) {
    covey__text text = {0};
    covey__text_addf(&text, "%s\n%s\n%s\n%s\n%zu\n", recipe->weights, recipe->preparation,
                     recipe->engine, recipe->pooling, recipe->channels);
    int failed = text.failed;
    if (!failed)
        covey__sha256(digest, text.data, text.size);
    covey__text_fini(&text);
    return failed ? -1 : 0;
}

int covey__kept_checksum(uint8_t checksum[32], covey__text *scratch,
                         const uint8_t recipe_digest[32], const covey__kept *photo,
                         const void *features, size_t feature_bytes) {
    scratch->size = 0;
    covey__text_add_bytes(scratch, recipe_digest, 32);
    covey__text_add_bytes(scratch, photo->sha256, 32);
    add_number(scratch, photo->bytes);
    add_number(scratch, photo->width);
    add_number(scratch, photo->height);
    add_number(scratch, feature_bytes);
    covey__text_add_bytes(scratch, features, feature_bytes);
    covey__text_add_bytes(scratch, photo->thumb, photo->thumb_bytes);
    if (scratch->failed)
        return -1;
    covey__sha256(checksum, scratch->data, scratch->size);
    return 0;
}

/* ---- statements ------------------------------------------------------------------------------ */

static void give_up(covey_catalogue *c, int code) {
    if (c->trouble.status)
        return;
    covey__catalogue_fail(c, code, "could not be used any further", &c->trouble);
    if (c->in_transaction && !sqlite3_get_autocommit(c->db))
        sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
    c->in_transaction = 0;
}

static const char *text_of(covey__statement which) {
    static const char *const texts[] = {
#define COVEY__STATEMENT_TEXT(name, text) text,
        COVEY__STATEMENT_MAP(COVEY__STATEMENT_TEXT)
#undef COVEY__STATEMENT_TEXT
    };
    return texts[which];
}

/* The statement, ready to be bound; NULL where the catalogue is of no use. */
static sqlite3_stmt *ready(covey_catalogue *c, covey__statement which) {
    if (c->trouble.status)
        return NULL;
    if (!c->statements[which]) {
        int code = sqlite3_prepare_v3(c->db, text_of(which), -1, SQLITE_PREPARE_PERSISTENT,
                                      &c->statements[which], NULL);
        if (code != SQLITE_OK) {
            give_up(c, code);
            return NULL;
        }
    }
    sqlite3_reset(c->statements[which]);
    return c->statements[which];
}

/* 1 if there is a row. Bindings that failed leave NULLs, which the tables refuse. */
static int step(covey_catalogue *c, sqlite3_stmt *statement) {
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return 1;
    sqlite3_reset(statement);
    if (code != SQLITE_DONE)
        give_up(c, code);
    return 0;
}

static void bind_blob(sqlite3_stmt *statement, int place, const void *data, size_t size) {
    if (data)
        sqlite3_bind_blob64(statement, place, data, size, SQLITE_STATIC);
    else
        sqlite3_bind_null(statement, place);
}

static void run_simple(covey_catalogue *c, const char *sql) {
    int code = c->trouble.status ? SQLITE_OK : sqlite3_exec(c->db, sql, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        give_up(c, code);
}

/* ---- the recipe ------------------------------------------------------------------------------ */

static void bind_recipe(const covey_catalogue *c, sqlite3_stmt *s) {
    sqlite3_bind_text(s, 1, c->weights, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, c->preparation, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, c->engine, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 4, c->pooling, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 5, (int64_t)c->channels);
}

static void find_recipe(covey_catalogue *c) {
    sqlite3_stmt *s = ready(c, COVEY__STATEMENT_FIND_RECIPE);
    c->recipe = -1;
    if (!s)
        return;
    bind_recipe(c, s);
    if (step(c, s))
        c->recipe = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
}

/* Inside every writing transaction: another process may have pruned the recipe since. */
static void enter_recipe(covey_catalogue *c) {
    sqlite3_stmt *s = ready(c, COVEY__STATEMENT_ADD_RECIPE);
    if (!s)
        return;
    bind_recipe(c, s);
    step(c, s);
    find_recipe(c);
}

void covey__catalogue_use(covey_catalogue *c, const covey__recipe *recipe) {
    covey__free(c->weights);
    covey__free(c->preparation);
    covey__free(c->engine);
    covey__free(c->pooling);
    c->weights = covey__strdup(recipe->weights);
    c->preparation = covey__strdup(recipe->preparation);
    c->engine = covey__strdup(recipe->engine);
    c->pooling = covey__strdup(recipe->pooling);
    c->channels = recipe->channels;
    if (!c->weights || !c->preparation || !c->engine || !c->pooling ||
        covey__recipe_digest(c->recipe_digest, recipe)) {
        give_up(c, SQLITE_NOMEM);
        return;
    }
    find_recipe(c);
}

/* ---- looking up ------------------------------------------------------------------------------ */

void covey__catalogue_begin_reading(covey_catalogue *c) {
    run_simple(c, "BEGIN");
    c->in_transaction = !c->trouble.status;
}

void covey__catalogue_end_reading(covey_catalogue *c) {
    run_simple(c, "COMMIT");
    c->in_transaction = 0;
}

int covey__catalogue_find_stamp(covey_catalogue *c, uint8_t sha256[32],
                                const covey__stamp *stamp) {
    sqlite3_stmt *s = ready(c, COVEY__STATEMENT_FIND_STAMP);
    int found = 0;
    if (!s)
        return 0;
    sqlite3_bind_int64(s, 1, stamp->device);
    sqlite3_bind_int64(s, 2, stamp->inode);
    if (step(c, s) && sqlite3_column_int64(s, 0) == stamp->size &&
        sqlite3_column_int64(s, 1) == stamp->mtime && sqlite3_column_int64(s, 2) == stamp->ctime &&
        sqlite3_column_bytes(s, 3) == 32) {
        memcpy(sha256, sqlite3_column_blob(s, 3), 32);
        found = 1;
    }
    sqlite3_reset(s);
    return found;
}

int covey__catalogue_has_size(covey_catalogue *c, uint64_t bytes) {
    sqlite3_stmt *s = c->recipe < 0 ? NULL : ready(c, COVEY__STATEMENT_FIND_SIZE);
    if (!s)
        return 0;
    sqlite3_bind_int64(s, 1, c->recipe);
    sqlite3_bind_int64(s, 2, (int64_t)bytes);
    int found = step(c, s);
    sqlite3_reset(s);
    return found;
}

int covey__catalogue_find(covey_catalogue *c, covey__kept *out, float *features,
                          const uint8_t sha256[32]) {
    sqlite3_stmt *s = c->recipe < 0 ? NULL : ready(c, COVEY__STATEMENT_FIND_PHOTO);
    uint8_t checksum[32];
    if (!s)
        return 0;
    sqlite3_bind_int64(s, 1, c->recipe);
    bind_blob(s, 2, sha256, 32);
    if (!step(c, s))
        return 0;
    covey__kept kept = {.id = sqlite3_column_int64(s, 0),
                        .bytes = (uint64_t)sqlite3_column_int64(s, 1),
                        .width = (uint32_t)sqlite3_column_int64(s, 2),
                        .height = (uint32_t)sqlite3_column_int64(s, 3),
                        .stale = sqlite3_column_int64(s, 4) < (int64_t)time(NULL) - DAY};
    memcpy(kept.sha256, sha256, 32);
    const void *row = sqlite3_column_blob(s, 5);
    size_t row_bytes = (size_t)sqlite3_column_bytes(s, 5);
    kept.thumb = sqlite3_column_blob(s, 6);
    kept.thumb_bytes = kept.thumb ? (size_t)sqlite3_column_bytes(s, 6) : 0;
    const void *written = sqlite3_column_blob(s, 7);
    int sound =
        row && row_bytes == c->channels * sizeof(float) && written &&
        sqlite3_column_bytes(s, 7) == 32 &&
        !covey__kept_checksum(checksum, &c->scratch, c->recipe_digest, &kept, row, row_bytes) &&
        !memcmp(checksum, written, 32);
    if (sound) {
        memcpy(features, row, row_bytes);
        *out = kept;
        if (kept.thumb) /* the checksum was taken over a copy, which ends with it */
            out->thumb = (uint8_t *)c->scratch.data + c->scratch.size - kept.thumb_bytes;
    }
    sqlite3_reset(s); /* an open row would hold a snapshot, which no write may follow */
    return sound;
}

/* ---- keeping --------------------------------------------------------------------------------- */

void covey__catalogue_begin(covey_catalogue *c) {
    run_simple(c, "BEGIN IMMEDIATE");
    c->in_transaction = !c->trouble.status;
    enter_recipe(c);
}

void covey__catalogue_commit(covey_catalogue *c) {
    run_simple(c, "COMMIT");
    c->in_transaction = 0;
}

void covey__catalogue_put(covey_catalogue *c, const covey__kept *photo, const float *features) {
    uint8_t checksum[32];
    size_t bytes = c->channels * sizeof *features;
    static const covey__statement drops[] = {COVEY__STATEMENT_DROP_CONTENT,
                                             COVEY__STATEMENT_DROP_PHOTO};
    sqlite3_stmt *s;
    if (c->trouble.status)
        return;
    if (covey__kept_checksum(checksum, &c->scratch, c->recipe_digest, photo, features, bytes)) {
        give_up(c, SQLITE_NOMEM);
        return;
    }
    for (int i = 0; i < 2; ++i) { /* a row that does not match its checksum makes room */
        if (!(s = ready(c, drops[i])))
            return;
        sqlite3_bind_int64(s, 1, c->recipe);
        bind_blob(s, 2, photo->sha256, 32);
        step(c, s);
    }
    if (!(s = ready(c, COVEY__STATEMENT_ADD_PHOTO)))
        return;
    sqlite3_bind_int64(s, 1, c->recipe);
    bind_blob(s, 2, photo->sha256, 32);
    sqlite3_bind_int64(s, 3, (int64_t)photo->bytes);
    sqlite3_bind_int64(s, 4, photo->width);
    sqlite3_bind_int64(s, 5, photo->height);
    sqlite3_bind_int64(s, 6, (int64_t)time(NULL));
    step(c, s);
    int64_t id = sqlite3_last_insert_rowid(c->db);
    if (!(s = ready(c, COVEY__STATEMENT_ADD_CONTENT)))
        return;
    sqlite3_bind_int64(s, 1, id);
    bind_blob(s, 2, features, bytes);
    bind_blob(s, 3, photo->thumb, photo->thumb_bytes);
    bind_blob(s, 4, checksum, sizeof checksum);
    step(c, s);
}

void covey__catalogue_put_stamp(covey_catalogue *c, const covey__stamp *stamp,
                                const uint8_t sha256[32]) {
    sqlite3_stmt *s = ready(c, COVEY__STATEMENT_ADD_STAMP);
    if (!s)
        return;
    sqlite3_bind_int64(s, 1, stamp->device);
    sqlite3_bind_int64(s, 2, stamp->inode);
    sqlite3_bind_int64(s, 3, stamp->size);
    sqlite3_bind_int64(s, 4, stamp->mtime);
    sqlite3_bind_int64(s, 5, stamp->ctime);
    bind_blob(s, 6, sha256, 32);
    step(c, s);
}

void covey__catalogue_touch(covey_catalogue *c, int64_t id) {
    sqlite3_stmt *s = ready(c, COVEY__STATEMENT_TOUCH);
    if (!s)
        return;
    sqlite3_bind_int64(s, 1, id);
    sqlite3_bind_int64(s, 2, (int64_t)time(NULL));
    step(c, s);
}
