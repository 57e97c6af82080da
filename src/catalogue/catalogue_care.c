/* SPDX-License-Identifier: MIT */
/* What is kept, how to keep less of it, and whether it is whole. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "catalogue_internal.h"

/* The step of a statement for one use: 1 a row, 0 the end, -1 with *status set. */
static int next(covey_catalogue *c, sqlite3_stmt *s, covey_status *status, covey_error *err) {
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return code == SQLITE_ROW;
    *status = covey__catalogue_fail(c, code, "could not be read", err);
    return -1;
}

static void copy_column(char *out, size_t size, sqlite3_stmt *s, int column) {
    const unsigned char *text = sqlite3_column_text(s, column);
    snprintf(out, size, "%s", text ? (const char *)text : "");
}

/* ---- info ------------------------------------------------------------------------------------ */

static covey_status numbers(covey_catalogue *c, const char *sql, int64_t *out, int n,
                            covey_error *err) {
    covey_status status = COVEY_OK;
    sqlite3_stmt *s = NULL;
    COVEY_TRY(covey__catalogue_prepare(c, &s, sql, err));
    if (next(c, s, &status, err) == 1)
        for (int i = 0; i < n; ++i)
            out[i] = sqlite3_column_int64(s, i);
done:
    sqlite3_finalize(s);
    return status;
}

static covey_status read_recipes(covey_catalogue *c, covey_catalogue_info *info,
                                 covey_error *err) {
    covey_status status = COVEY_OK;
    sqlite3_stmt *s = NULL;
    int64_t n = 0;
    COVEY_TRY(numbers(c, "SELECT count(*) FROM recipe", &n, 1, err));
    info->recipes = covey__calloc((size_t)n + 1, sizeof *info->recipes);
    COVEY_NOMEM_IF(!info->recipes, err);
    COVEY_TRY(covey__catalogue_prepare(
        c, &s,
        "SELECT r.weights,r.engine,r.pooling,r.preparation,count(p.id),"
        "total(length(c.features)+coalesce(length(c.thumb),0)) FROM recipe r "
        "LEFT JOIN photo p ON p.recipe=r.id LEFT JOIN content c ON c.id=p.id "
        "GROUP BY r.id ORDER BY count(p.id) DESC, r.id",
        err));
    while (next(c, s, &status, err) == 1 && info->n_recipes < (size_t)n) {
        covey_catalogue_recipe *r = &info->recipes[info->n_recipes++];
        copy_column(r->weights_digest, sizeof r->weights_digest, s, 0);
        copy_column(r->engine_id, sizeof r->engine_id, s, 1);
        copy_column(r->pooling, sizeof r->pooling, s, 2);
        copy_column(r->preparation, sizeof r->preparation, s, 3);
        r->photos = (size_t)sqlite3_column_int64(s, 4);
        r->bytes = (uint64_t)sqlite3_column_double(s, 5);
        info->photos += r->photos;
    }
done:
    sqlite3_finalize(s);
    return status;
}

covey_status covey_catalogue_get_info(covey_catalogue_info *out, covey_catalogue *c,
                                      covey_error *err) {
    covey_status status = COVEY_OK;
    covey_catalogue_info info = {0};
    int64_t pages = 0, page_size = 0, files = 0, uses[2] = {0};
    COVEY_TRY(numbers(c, "PRAGMA page_count", &pages, 1, err));
    COVEY_TRY(numbers(c, "PRAGMA page_size", &page_size, 1, err));
    COVEY_TRY(numbers(c, "SELECT count(*) FROM seen", &files, 1, err));
    COVEY_TRY(numbers(c, "SELECT coalesce(min(used),0),coalesce(max(used),0) FROM photo", uses, 2,
                      err));
    COVEY_TRY(read_recipes(c, &info, err));
    snprintf(info.path, sizeof info.path, "%s", c->path);
    info.bytes = (uint64_t)(pages * page_size);
    info.files = (size_t)files;
    info.oldest_use = uses[0];
    info.newest_use = uses[1];
    *out = info;
    info.recipes = NULL;
done:
    covey_catalogue_info_fini(&info);
    return status;
}

void covey_catalogue_info_fini(covey_catalogue_info *info) {
    covey__free(info->recipes);
    info->recipes = NULL;
    info->n_recipes = 0;
}

/* ---- prune ----------------------------------------------------------------------------------- */

covey_prune_params covey_prune_params_default(void) {
    return (covey_prune_params){.older_than = -1, .max_bytes = UINT64_MAX};
}

static covey_status change(covey_catalogue *c, const char *sql, int bound, int64_t value,
                           covey_error *err) {
    covey_status status = COVEY_OK;
    sqlite3_stmt *s = NULL;
    COVEY_TRY(covey__catalogue_prepare(c, &s, sql, err));
    if (bound)
        sqlite3_bind_int64(s, 1, value);
    next(c, s, &status, err);
done:
    sqlite3_finalize(s);
    return status;
}

static int is_wanted(const covey_prune_params *params, const char *digest) {
    for (size_t i = 0; i < params->n_weights; ++i)
        if (!strcmp(params->weights_digests[i], digest))
            return 1;
    return 0;
}

static covey_status drop_weights(covey_catalogue *c, const covey_prune_params *params,
                                 covey_error *err) {
    covey_status status = COVEY_OK;
    sqlite3_stmt *s = NULL;
    COVEY_TRY(covey__catalogue_prepare(c, &s, "SELECT id,weights FROM recipe", err));
    while (next(c, s, &status, err) == 1) {
        const unsigned char *digest = sqlite3_column_text(s, 1);
        if (!digest || !is_wanted(params, (const char *)digest))
            COVEY_TRY(change(c, "DELETE FROM photo WHERE recipe=?1", 1,
                             sqlite3_column_int64(s, 0), err));
    }
done:
    sqlite3_finalize(s);
    return status;
}

/* The first photos in order of last use, newest first, that fit; the rest go. */
static covey_status drop_beyond(covey_catalogue *c, uint64_t max_bytes, covey_error *err) {
    covey_status status = COVEY_OK;
    int64_t limit = max_bytes > INT64_MAX ? INT64_MAX : (int64_t)max_bytes;
    COVEY_TRY(change(c,
                     "DELETE FROM photo WHERE id IN (SELECT id FROM (SELECT p.id AS id,"
                     "sum(length(c.features)+coalesce(length(c.thumb),0)) "
                     "OVER (ORDER BY p.used DESC,p.id DESC ROWS UNBOUNDED PRECEDING) AS size "
                     "FROM photo p JOIN content c ON c.id=p.id) WHERE size>?1)",
                     1, limit, err));
done:
    return status;
}

static covey_status drop_rest(covey_catalogue *c, covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_TRY(covey__catalogue_exec(
        c, "DELETE FROM content WHERE id NOT IN (SELECT id FROM photo)", err));
    COVEY_TRY(covey__catalogue_exec(
        c, "DELETE FROM recipe WHERE id NOT IN (SELECT recipe FROM photo)", err));
    COVEY_TRY(covey__catalogue_exec(
        c, "DELETE FROM seen WHERE sha256 NOT IN (SELECT sha256 FROM photo)", err));
done:
    return status;
}

static covey_status give_back(covey_catalogue *c, covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_TRY(covey__catalogue_exec(c, "PRAGMA incremental_vacuum", err));
    /* Readers of the log keep it from being cut; it then is cut another time. */
    sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
done:
    return status;
}

covey_status covey_catalogue_prune(size_t *removed, covey_catalogue *c,
                                   const covey_prune_params *params, covey_error *err) {
    covey_status status = COVEY_OK;
    int open = 0;
    int64_t before = 0, after = 0;
    COVEY_TRY(covey__catalogue_exec(c, "BEGIN IMMEDIATE", err));
    open = 1;
    COVEY_TRY(numbers(c, "SELECT count(*) FROM photo", &before, 1, err));
    if (params->older_than >= 0) {
        double days = params->older_than < 1e6 ? params->older_than : 1e6;
        int64_t limit = (int64_t)time(NULL) - (int64_t)(days * 86400);
        COVEY_TRY(change(c, "DELETE FROM photo WHERE used<=?1", 1, limit, err));
    }
    if (params->weights_digests)
        COVEY_TRY(drop_weights(c, params, err));
    if (params->max_bytes != UINT64_MAX)
        COVEY_TRY(drop_beyond(c, params->max_bytes, err));
    COVEY_TRY(drop_rest(c, err));
    COVEY_TRY(numbers(c, "SELECT count(*) FROM photo", &after, 1, err));
    COVEY_TRY(covey__catalogue_exec(c, "COMMIT", err));
    open = 0;
    COVEY_TRY(give_back(c, err));
    *removed = (size_t)(before - after);
done:
    if (open)
        sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* ---- verify ---------------------------------------------------------------------------------- */

static covey_status check_structure(covey_catalogue *c, covey_catalogue_check *check,
                                    covey_error *err) {
    covey_status status = COVEY_OK;
    sqlite3_stmt *s = NULL;
    COVEY_TRY(covey__catalogue_prepare(c, &s, "PRAGMA integrity_check(1)", err));
    if (next(c, s, &status, err) == 1) {
        copy_column(check->first_fault, sizeof check->first_fault, s, 0);
        if (!strcmp(check->first_fault, "ok"))
            check->first_fault[0] = '\0';
    }
done:
    sqlite3_finalize(s);
    return status;
}

/* Columns: the photo's sha256, bytes, width, height; its features, thumb, checksum; the recipe.
 * -1 if memory runs out, which says nothing of the row; a column that could not be had makes
 * the next step fail. */
static int row_is_sound(sqlite3_stmt *s, covey__text *scratch) {
    covey__kept kept = {.bytes = (uint64_t)sqlite3_column_int64(s, 1),
                        .width = (uint32_t)sqlite3_column_int64(s, 2),
                        .height = (uint32_t)sqlite3_column_int64(s, 3)};
    covey__recipe recipe = {(const char *)sqlite3_column_text(s, 7),
                            (const char *)sqlite3_column_text(s, 8),
                            (const char *)sqlite3_column_text(s, 9),
                            (const char *)sqlite3_column_text(s, 10),
                            (size_t)sqlite3_column_int64(s, 11)};
    uint8_t digest[32], checksum[32];
    const void *sha256 = sqlite3_column_blob(s, 0), *features = sqlite3_column_blob(s, 4);
    const void *written = sqlite3_column_blob(s, 6);
    size_t bytes = (size_t)sqlite3_column_bytes(s, 4);
    kept.thumb = sqlite3_column_blob(s, 5);
    kept.thumb_bytes = (size_t)sqlite3_column_bytes(s, 5);
    if (!sha256 || sqlite3_column_bytes(s, 0) != 32 || !features || !written ||
        sqlite3_column_bytes(s, 6) != 32 || !recipe.weights || !recipe.preparation ||
        !recipe.engine || !recipe.pooling || bytes != recipe.channels * sizeof(float))
        return 0;
    memcpy(kept.sha256, sha256, 32);
    if (covey__recipe_digest(digest, &recipe) ||
        covey__kept_checksum(checksum, scratch, digest, &kept, features, bytes))
        return -1;
    return memcmp(checksum, written, 32) == 0;
}

static covey_status check_rows(covey_catalogue *c, covey_catalogue_check *check,
                               covey_progress_fn progress, void *user, covey_error *err) {
    covey_status status = COVEY_OK;
    sqlite3_stmt *s = NULL;
    covey__text scratch = {0};
    int64_t total = 0;
    COVEY_TRY(numbers(c, "SELECT count(*) FROM photo", &total, 1, err));
    COVEY_TRY(covey__catalogue_prepare(
        c, &s,
        "SELECT p.sha256,p.bytes,p.width,p.height,c.features,c.thumb,c.checksum,"
        "r.weights,r.preparation,r.engine,r.pooling,r.channels FROM photo p "
        "LEFT JOIN content c ON c.id=p.id LEFT JOIN recipe r ON r.id=p.recipe ORDER BY p.id",
        err));
    while (next(c, s, &status, err) == 1) {
        int sound = row_is_sound(s, &scratch);
        COVEY_NOMEM_IF(sound < 0, err);
        check->damaged += !sound;
        ++check->checked;
        COVEY_FAIL_IF(progress && check->checked % 256 == 0 &&
                          progress(user, "verify", check->checked, (size_t)total),
                      err, COVEY_E_CANCELLED, NULL, "stopped on request");
    }
done:
    sqlite3_finalize(s);
    covey__text_fini(&scratch);
    return status;
}

covey_status covey_catalogue_verify(covey_catalogue_check *out, covey_catalogue *c,
                                    covey_progress_fn progress, void *user, covey_error *err) {
    covey_status status = COVEY_OK;
    covey_catalogue_check check = {0};
    COVEY_TRY(check_structure(c, &check, err));
    COVEY_TRY(check_rows(c, &check, progress, user, err));
    *out = check;
done:
    return status;
}
