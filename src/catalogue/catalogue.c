/* SPDX-License-Identifier: MIT */
/* Opening the catalogue.
 *
 *     recipe   what a description depends on besides the photo
 *     photo    one row per recipe and photo: small, so that sizes and ages are looked up fast
 *     content  its features, thumbnail and checksum
 *     seen     device, inode -> size, times, digest: files that need not be opened again
 *
 * Write-ahead logging lets readers go on beside one writer, and keeps the file whole when a process
 * is killed or the power fails; synchronous=NORMAL may lose the last rows then, which are computed
 * again. The file may come from a stranger: no trigger, view or function of its own is run. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalogue_internal.h"

/* How long to wait for another run's write of a few rows, milliseconds. */
enum { BUSY_LIMIT = 20000, BLOB_LIMIT = 1 << 26 };

static const char schema[] =
    "CREATE TABLE recipe(id INTEGER PRIMARY KEY, weights TEXT NOT NULL, preparation TEXT NOT NULL,"
    " engine TEXT NOT NULL, pooling TEXT NOT NULL, channels INTEGER NOT NULL,"
    " UNIQUE(weights, preparation, engine, pooling, channels));"
    "CREATE TABLE photo(id INTEGER PRIMARY KEY, recipe INTEGER NOT NULL, sha256 BLOB NOT NULL,"
    " bytes INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,"
    " used INTEGER NOT NULL, UNIQUE(recipe, sha256));"
    "CREATE INDEX photo_bytes ON photo(recipe, bytes);"
    "CREATE TABLE content(id INTEGER PRIMARY KEY, features BLOB NOT NULL, thumb BLOB,"
    " checksum BLOB NOT NULL);"
    "CREATE TABLE seen(device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL,"
    " mtime INTEGER NOT NULL, ctime INTEGER NOT NULL, sha256 BLOB NOT NULL,"
    " PRIMARY KEY(device, inode)) WITHOUT ROWID;";

covey_status covey_catalogue_folder(char **out, covey_error *err) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char *folder;
    if (cache && *cache == '/') /* the specification says to ignore relative ones */
        folder = covey__path_join(cache, "covey");
    else if (home && *home)
        folder = covey__path_join(home, ".cache/covey");
    else
        return covey__fail(err, COVEY_E_NOT_FOUND, NULL,
                           "there is no home folder to keep features in; set XDG_CACHE_HOME or "
                           "name a folder with --cache");
    if (!folder)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    *out = folder;
    return COVEY_OK;
}

covey_status covey__catalogue_fail(const covey_catalogue *catalogue, int code, const char *what,
                                   covey_error *err) {
    const char *path = catalogue->path;
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return covey__fail(err, COVEY_E_NOMEM, path, "memory ran out");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
        return covey__fail(err, COVEY_E_FORMAT, path,
                           "is damaged, or no catalogue of Covey's (%s); remove it, or name "
                           "another folder with --cache",
                           sqlite3_errstr(code));
    case SQLITE_FULL:
        return covey__fail(err, COVEY_E_IO, path, "%s: the disk is full", what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return covey__fail(err, COVEY_E_IO, path, "%s: another run keeps it busy", what);
    default:
        return covey__fail(err, COVEY_E_IO, path, "%s: %s; name another folder with --cache", what,
                           sqlite3_errstr(code));
    }
}

covey_status covey__catalogue_exec(covey_catalogue *c, const char *sql, covey_error *err) {
    int code = sqlite3_exec(c->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? COVEY_OK
                             : covey__catalogue_fail(c, code, "could not be written", err);
}

covey_status covey__catalogue_prepare(covey_catalogue *c, sqlite3_stmt **out, const char *sql,
                                      covey_error *err) {
    int code = sqlite3_prepare_v2(c->db, sql, -1, out, NULL);
    return code == SQLITE_OK ? COVEY_OK
                             : covey__catalogue_fail(c, code, "could not be read", err);
}

static covey_status number_of(covey_catalogue *c, int64_t *out, const char *sql,
                              covey_error *err) {
    covey_status status = COVEY_OK;
    sqlite3_stmt *statement = NULL;
    COVEY_TRY(covey__catalogue_prepare(c, &statement, sql, err));
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    else
        status = covey__catalogue_fail(c, code == SQLITE_DONE ? SQLITE_CORRUPT : code,
                                       "could not be read", err);
done:
    sqlite3_finalize(statement);
    return status;
}

/* The folder is private: thumbnails of its owner's photos lie in it. */
static covey_status make_folder(const char *folder, covey_error *err) {
    covey_status status = COVEY_OK;
    char *parent = covey__strdup(folder);
    COVEY_NOMEM_IF(!parent, err);
    for (size_t n = strlen(parent); n > 1 && parent[n - 1] == '/'; --n)
        parent[n - 1] = '\0';
    char *slash = strrchr(parent, '/');
    if (slash && slash > parent) {
        *slash = '\0';
        COVEY_TRY(covey__mkdirs(parent, err));
    }
    if (mkdir(folder, 0700) && errno != EEXIST)
        status = covey__fail_errno(err, folder, "this folder could not be created");
done:
    covey__free(parent);
    return status;
}

/* SQLite would take a relative name anew after a change of folder. */
static covey_status locate(covey_catalogue *c, const char *folder, int create, covey_error *err) {
    covey_status status = COVEY_OK;
    char *own = NULL, *absolute = NULL;
    if (!folder) {
        COVEY_TRY(covey_catalogue_folder(&own, err));
        folder = own;
    }
    COVEY_FAIL_IF(!*folder, err, COVEY_E_ARGUMENT, NULL, "--cache names no folder");
    if (create)
        COVEY_TRY(make_folder(folder, err));
    absolute = realpath(folder, NULL);
    COVEY_FAIL_IF(!absolute && errno == ENOENT, err, COVEY_E_NOT_FOUND, folder,
                  "does not exist: no features are kept there yet");
    if (!absolute) {
        status = covey__fail_errno(err, folder, "could not be examined");
        goto done;
    }
    c->path = covey__path_join(absolute, "catalogue.sqlite");
    COVEY_NOMEM_IF(!c->path, err);
    COVEY_FAIL_IF(!create && access(c->path, F_OK), err, COVEY_E_NOT_FOUND, c->path,
                  "does not exist: no features are kept there yet");
done:
    free(absolute);
    covey__free(own);
    return status;
}

static covey_status configure(covey_catalogue *c, covey_error *err) {
    covey_status status = COVEY_OK;
    sqlite3 *db = c->db;
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_LIMIT);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, BLOB_LIMIT);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    COVEY_TRY(covey__catalogue_exec(c, "PRAGMA cell_size_check=ON", err));
    COVEY_TRY(covey__catalogue_exec(c, "PRAGMA temp_store=MEMORY", err));
    COVEY_TRY(covey__catalogue_exec(c, "PRAGMA synchronous=NORMAL", err));
    COVEY_TRY(covey__catalogue_exec(c, "PRAGMA journal_size_limit=67108864", err));
done:
    return status;
}

/* What a database says of itself. */
typedef struct marks {
    int64_t application, version, tables;
} marks;

/* Read as one: between two reads another run may have made the tables. The savepoint is a transaction
 * of its own, or a part of the one that is open. */
static covey_status read_marks(covey_catalogue *c, marks *out, covey_error *err) {
    covey_status status = COVEY_OK;
    COVEY_TRY(covey__catalogue_exec(c, "SAVEPOINT marks", err));
    status = number_of(c, &out->application, "PRAGMA application_id", err);
    if (status == COVEY_OK)
        status = number_of(c, &out->version, "PRAGMA user_version", err);
    if (status == COVEY_OK)
        status = number_of(c, &out->tables, "SELECT count(*) FROM sqlite_schema", err);
    int code = sqlite3_exec(c->db, "RELEASE marks", NULL, NULL, NULL);
    if (code != SQLITE_OK && status == COVEY_OK)
        status = covey__catalogue_fail(c, code, "could not be read", err);
done:
    return status;
}

/* 1 where the file is ours and of this version, 0 where it is empty. */
static covey_status examine(covey_catalogue *c, int *ours, covey_error *err) {
    covey_status status = COVEY_OK;
    marks found;
    COVEY_TRY(read_marks(c, &found, err));
    *ours = found.application == COVEY__CATALOGUE_APPLICATION;
    COVEY_FAIL_IF(!*ours && (found.application || found.version || found.tables), err,
                  COVEY_E_FORMAT, c->path,
                  "is a database, but not Covey's; remove it, or name another folder with --cache");
    COVEY_FAIL_IF(*ours && found.version > COVEY__CATALOGUE_VERSION, err, COVEY_E_UNSUPPORTED,
                  c->path,
                  "was written by a newer Covey; use that one, or name another folder with "
                  "--cache");
    COVEY_FAIL_IF(*ours && found.version != COVEY__CATALOGUE_VERSION, err, COVEY_E_FORMAT, c->path,
                  "is of no version that Covey knows; remove it");
done:
    return status;
}

/* Two that start at once: the second finds the tables of the first. */
static covey_status make_tables(covey_catalogue *c, covey_error *err) {
    covey_status status = COVEY_OK;
    int ours, open = 0;
    char versions[120];
    /* A photo's features and thumbnail lie in one page, and are had by one read. */
    COVEY_TRY(covey__catalogue_exec(c, "PRAGMA page_size=16384", err));
    COVEY_TRY(covey__catalogue_exec(c, "PRAGMA auto_vacuum=INCREMENTAL", err));
    COVEY_TRY(covey__catalogue_exec(c, "BEGIN IMMEDIATE", err));
    open = 1;
    COVEY_TRY(examine(c, &ours, err));
    if (!ours) {
        snprintf(versions, sizeof versions, "PRAGMA application_id=%d; PRAGMA user_version=%d",
                 COVEY__CATALOGUE_APPLICATION, COVEY__CATALOGUE_VERSION);
        COVEY_TRY(covey__catalogue_exec(c, schema, err));
        COVEY_TRY(covey__catalogue_exec(c, versions, err));
    }
    COVEY_TRY(covey__catalogue_exec(c, "COMMIT", err));
    open = 0;
done:
    if (open)
        sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* Turning the log on needs the file alone and does not wait for it by itself. */
static covey_status turn_log_on(covey_catalogue *c, covey_error *err) {
    for (int left = 1000;; --left) {
        int code = sqlite3_exec(c->db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
        if (code == SQLITE_OK)
            return COVEY_OK;
        if ((code & 0xff) != SQLITE_BUSY || left == 0)
            return covey__catalogue_fail(c, code, "could not be opened", err);
        usleep(10000);
    }
}

covey_status covey_catalogue_open(covey_catalogue **out, const char *folder, int create,
                                  covey_error *err) {
    covey_status status = COVEY_OK;
    int ours;
    covey_catalogue *c = covey__calloc(1, sizeof *c);
    COVEY_NOMEM_IF(!c, err);
    c->recipe = -1;
    COVEY_TRY(locate(c, folder, create, err));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
    int code = sqlite3_open_v2(c->path, &c->db, flags, NULL);
    if (code != SQLITE_OK) {
        status = covey__catalogue_fail(c, code, "could not be opened", err);
        goto done;
    }
    COVEY_TRY(configure(c, err));
    COVEY_TRY(examine(c, &ours, err));
    COVEY_FAIL_IF(sqlite3_db_readonly(c->db, "main"), err, COVEY_E_IO, c->path,
                  "is not writable for you; name another folder with --cache");
    if (!ours)
        COVEY_TRY(make_tables(c, err));
    COVEY_TRY(turn_log_on(c, err));
    /* KiB: the indices. Now, because SQLite turns it into a number of pages when it is said, and does not
     * know before the first read how large they are. */
    COVEY_TRY(covey__catalogue_exec(c, "PRAGMA cache_size=-32000", err));
    *out = c;
    c = NULL;
done:
    covey_catalogue_free(c);
    return status;
}

void covey_catalogue_free(covey_catalogue *c) {
    if (!c)
        return;
    for (int i = 0; i < COVEY__STATEMENT_COUNT; ++i)
        sqlite3_finalize(c->statements[i]);
    sqlite3_close_v2(c->db);
    covey__text_fini(&c->scratch);
    covey__free(c->weights);
    covey__free(c->preparation);
    covey__free(c->engine);
    covey__free(c->pooling);
    covey__free(c->path);
    covey__free(c);
}

const covey_error *covey_catalogue_trouble(const covey_catalogue *c) {
    return c->trouble.status ? &c->trouble : NULL;
}
