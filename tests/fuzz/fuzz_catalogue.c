/* SPDX-License-Identifier: MIT */
/* A catalogue that somebody else wrote: opened, asked, checked, written to and pruned. The input is the file; or,
 * behind "SQL\n", statements that were run on a sound one before, which leads beyond what SQLite refuses by
 * itself: rows and tables of any shape. */
#include "catalogue_internal.h"
#include "fuzz.h"

enum { CHANNELS = 4, STEPS = 20000 };

static const covey__recipe recipe = {"weights", "preparation", "engine", "mean", CHANNELS};
static const uint8_t known[32] = {1};

/* FOLDER/catalogue.sqlite and what SQLite puts beside it. */
static void in_folder(char path[160], const char *rest) {
    snprintf(path, 160, "%s/catalogue.sqlite%s", fuzz_folder(), rest);
}

static void remove_all(void) {
    static const char *const rests[] = {"", "-wal", "-shm", "-journal"};
    char path[160];
    for (size_t i = 0; i < 4; ++i) {
        in_folder(path, rests[i]);
        unlink(path);
    }
}

static void write_file(const void *data, size_t size) {
    char path[160];
    in_folder(path, "");
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file))
        abort();
}

static void put_one(covey_catalogue *catalogue) {
    const covey__stamp stamp = {1, 2, 3, 4, 5};
    const float features[CHANNELS] = {1, 2, 3, 4};
    covey__kept kept = {.width = 1, .height = 1, .bytes = 9};
    memcpy(kept.sha256, known, sizeof known);
    covey__catalogue_use(catalogue, &recipe);
    covey__catalogue_begin(catalogue);
    covey__catalogue_put(catalogue, &kept, features);
    covey__catalogue_put_stamp(catalogue, &stamp, known);
    covey__catalogue_commit(catalogue);
}

/* Statements may do what they like to this database, and to nothing else. */
static int allow(void *user, int action, const char *a, const char *b, const char *c,
                 const char *d) {
    (void)user, (void)b, (void)c, (void)d;
    if (action == SQLITE_ATTACH || action == SQLITE_DETACH)
        return SQLITE_DENY;
    if (action == SQLITE_PRAGMA)
        return a && (!strcmp(a, "user_version") || !strcmp(a, "application_id") ||
                     !strcmp(a, "writable_schema") || !strcmp(a, "page_size"))
                   ? SQLITE_OK
                   : SQLITE_DENY;
    return SQLITE_OK;
}

static int stop(void *user) {
    (void)user;
    return 1;
}

static void write_by_statements(const char *sql, size_t size) {
    static char *sound;
    static size_t sound_size;
    char path[160];
    covey_error err;
    covey_catalogue *catalogue = NULL;
    if (!sound) {
        if (covey_catalogue_open(&catalogue, fuzz_folder(), 1, &err) != COVEY_OK)
            abort();
        put_one(catalogue);
        covey_catalogue_free(catalogue);
        in_folder(path, "");
        if (covey__file_read(&sound, &sound_size, path, 1 << 20, &err) != COVEY_OK)
            abort();
        remove_all();
    }
    write_file(sound, sound_size);
    char *text = malloc(size + 1);
    sqlite3 *db = NULL;
    in_folder(path, "");
    if (text && sqlite3_open(path, &db) == SQLITE_OK) {
        memcpy(text, sql, size);
        text[size] = '\0';
        sqlite3_set_authorizer(db, allow, NULL);
        sqlite3_progress_handler(db, STEPS, stop, NULL);
        sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1 << 16);
        sqlite3_exec(db, text, NULL, NULL, NULL);
    }
    sqlite3_close(db);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char mark[] = "SQL\n";
    covey_error err;
    covey_catalogue *catalogue = NULL;
    remove_all();
    if (size >= sizeof mark - 1 && !memcmp(data, mark, sizeof mark - 1))
        write_by_statements((const char *)data + sizeof mark - 1, size - (sizeof mark - 1));
    else
        write_file(data, size);
    if (covey_catalogue_open(&catalogue, fuzz_folder(), 1, &err) != COVEY_OK)
        return 0;
    covey__stamp stamp = {1, 2, 3, 4, 5};
    covey__kept kept = {0};
    covey_catalogue_info info;
    covey_catalogue_check check;
    covey_prune_params prune = covey_prune_params_default();
    uint8_t sha256[32];
    float features[CHANNELS] = {0};
    size_t removed;
    memcpy(sha256, known, sizeof known);
    covey__catalogue_use(catalogue, &recipe);
    covey__catalogue_begin_reading(catalogue);
    covey__catalogue_find_stamp(catalogue, sha256, &stamp);
    covey__catalogue_has_size(catalogue, 9);
    covey__catalogue_find(catalogue, &kept, features, known);
    if (kept.thumb && kept.thumb_bytes) { /* what it hands over can be read to its end */
        volatile uint8_t last = kept.thumb[kept.thumb_bytes - 1];
        (void)last;
    }
    covey__catalogue_end_reading(catalogue);
    put_one(catalogue);
    if (covey_catalogue_get_info(&info, catalogue, &err) == COVEY_OK)
        covey_catalogue_info_fini(&info);
    if (covey_catalogue_verify(&check, catalogue, NULL, NULL, &err) != COVEY_OK &&
        !err.message[0])
        abort();
    prune.older_than = 1;
    if (covey_catalogue_prune(&removed, catalogue, &prune, &err) != COVEY_OK && !err.message[0])
        abort();
    covey_catalogue_free(catalogue);
    return 0;
}
