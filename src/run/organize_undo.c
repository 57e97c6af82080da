/* SPDX-License-Identifier: MIT */
/* The undo list: a shell script of one quoted `mv -n` per photo, which we read back ourselves. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "organize_internal.h"

static const char heading[] =
    "#!/bin/sh\n"
    "# covey undo list 1\n"
    "# Moves the photos back to where they were: covey organize --undo FILE, or sh FILE.\n";
#define VERB "mv -n -- "
enum { LIST_LIMIT = 1 << 30 };

/* ---- writing --------------------------------------------------------------------------------- */

static int write_all(int fd, const char *data, size_t size) {
    while (size) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno != EINTR)
            return errno;
        data += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

covey_status covey__undo_list_new(int *fd, char **path, const char *folder, covey_error *err) {
    for (int number = 1;; ++number) {
        char name[32];
        snprintf(name, sizeof name, number == 1 ? "undo.sh" : "undo-%d.sh", number);
        char *tried = covey__path_join(folder, name);
        if (!tried)
            return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
        int opened = open(tried, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        int error = opened < 0 ? errno : write_all(opened, heading, sizeof heading - 1);
        if (!error && fsync(opened))
            error = errno;
        if (!error) {
            covey__parent_sync(tried);
            *fd = opened;
            *path = tried;
            return COVEY_OK;
        }
        covey_status status = COVEY_OK;
        if (error != EEXIST || number == 9999) {
            errno = error;
            status = covey__fail_errno(err, tried, "the undo list could not be written");
        }
        if (opened >= 0) {
            unlink(tried); /* without its heading it is no list */
            close(opened);
        }
        covey__free(tried);
        if (status != COVEY_OK)
            return status;
    }
}

static void add_quoted(covey__text *text, const char *s) {
    covey__text_add(text, "'");
    for (; *s; ++s)
        if (*s == '\'')
            covey__text_add(text, "'\\''");
        else
            covey__text_add_bytes(text, s, 1);
    covey__text_add(text, "'");
}

int covey__undo_list_add(int fd, const char *from, const char *to) {
    covey__text text = {0};
    covey__text_add(&text, VERB);
    add_quoted(&text, to);
    covey__text_add(&text, " ");
    add_quoted(&text, from);
    covey__text_add(&text, "\n");
    int error = text.failed ? ENOMEM : write_all(fd, text.data, text.size);
    if (!error && fdatasync(fd))
        error = errno;
    covey__text_fini(&text);
    return error;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* One quoted word at *at, which moves behind it: *word, freed by the caller. COVEY_E_FORMAT where
 * there is none; *at then is where it goes wrong. */
static covey_status read_quoted(char **word, const char **at) {
    covey__text text = {0};
    const char *p = *at;
    if (*p != '\'')
        return COVEY_E_FORMAT;
    while (*p == '\'' || (p[0] == '\\' && p[1] == '\'')) {
        if (*p == '\\') {
            covey__text_add(&text, "'");
            p += 2;
            continue;
        }
        const char *end = strchr(p + 1, '\'');
        if (!end) {
            *at = p + strlen(p);
            covey__text_fini(&text);
            return COVEY_E_FORMAT;
        }
        covey__text_add_bytes(&text, p + 1, (size_t)(end - p - 1));
        p = end + 1;
    }
    *word = text.failed ? NULL : covey__strdup(text.data ? text.data : "");
    covey__text_fini(&text);
    *at = p;
    return *word ? COVEY_OK : COVEY_E_NOMEM;
}

/* Moves *at behind `word`, or as far as it goes. */
static covey_status read_word(const char **at, const char *word) {
    for (; *word; ++*at, ++word)
        if (**at != *word)
            return COVEY_E_FORMAT;
    return COVEY_OK;
}

/* "mv -n -- 'FROM' 'TO'\n" at *at, which moves behind it or to where it goes wrong. */
static covey_status read_move(covey_placed *photo, const char **at) {
    photo->row = -1;
    covey_status status = read_word(at, VERB);
    if (status == COVEY_OK)
        status = read_quoted(&photo->from, at);
    if (status == COVEY_OK)
        status = read_word(at, " ");
    if (status == COVEY_OK)
        status = read_quoted(&photo->to, at);
    if (status == COVEY_OK)
        status = read_word(at, "\n");
    if (status != COVEY_OK)
        return status;
    return covey__path_is_plain(photo->from) && covey__path_is_plain(photo->to) ? COVEY_OK
                                                                                : COVEY_E_FORMAT;
}

static covey_status read_list(covey_organization *made, const char *list, covey_error *err) {
    covey_status status = COVEY_OK;
    char *text = NULL;
    size_t size, capacity = 0;
    COVEY_TRY(covey__file_read(&text, &size, list, LIST_LIMIT, err));
    COVEY_FAIL_IF(strncmp(text, heading, sizeof heading - 1) != 0, err, COVEY_E_FORMAT, list,
                  "is not an undo list of covey organize --move");
    for (const char *at = text + sizeof heading - 1; *at;) {
        if (made->n == capacity) {
            size_t more = capacity ? 2 * capacity : 64;
            covey_placed *grown = covey__realloc(made->photos, capacity * sizeof *grown,
                                                 more * sizeof *grown);
            COVEY_NOMEM_IF(!grown, err);
            made->photos = grown;
            capacity = more;
        }
        memset(&made->photos[made->n], 0, sizeof *made->photos);
        ++made->n;
        /* A last line that a crash or a full disk cut short names a move that was not made. Names may hold
         * newlines; a line that goes wrong before others was edited. */
        const char *line = at;
        status = read_move(&made->photos[made->n - 1], &at);
        if (status == COVEY_OK)
            continue;
        COVEY_NOMEM_IF(status == COVEY_E_NOMEM, err);
        status = COVEY_OK;
        int cut_short = (!*at || !strcmp(at, "\\")) && !strstr(line, "\n" VERB "'");
        COVEY_FAIL_IF(!cut_short, err, COVEY_E_FORMAT, list,
                      "has an entry that cannot be read after %zu moves; it was edited", made->n - 1);
        --made->n;
        covey__free(made->photos[made->n].from);
        covey__free(made->photos[made->n].to);
        break;
    }
done:
    covey__free(text);
    return status;
}

/* ---- moving back ----------------------------------------------------------------------------- */

/* Removes the folders that held `path` as far as they are empty, up to the group's own. */
static void remove_empty(const char *path) {
    char *folder = covey__strdup(path);
    for (char *slash; folder && (slash = strrchr(folder, '/')) && slash != folder;) {
        *slash = '\0';
        const char *base = covey__path_base(folder);
        int last = strncmp(base, "cluster_", 8) == 0 || strcmp(base, "left_out") == 0;
        if (rmdir(folder) || last)
            break;
    }
    covey__free(folder);
}

static covey_status move_back(covey_placed *photo, int dry_run, covey_error *err) {
    covey_status status = COVEY_OK;
    struct stat here, there;
    uint8_t digest[32];
    char *parent = NULL;
    int folder = -1, error = 0;
    int gone = lstat(photo->from, &here) != 0, taken = lstat(photo->to, &there) == 0;
    if (gone && taken)
        photo->state = COVEY_PLACING_BEFORE;
    else if (gone)
        covey__placing_refuse(photo, "is gone");
    else if (!S_ISREG(here.st_mode))
        covey__placing_refuse(photo, "is no longer a file");
    else if (taken)
        covey__placing_refuse_errno(photo, EEXIST);
    else
        photo->state = COVEY_PLACING_DONE;
    if (photo->state != COVEY_PLACING_DONE || dry_run)
        goto done;
    const char *base = covey__path_base(photo->to);
    parent = covey__strndup(photo->to, (size_t)(base - photo->to));
    COVEY_NOMEM_IF(!parent, err);
    COVEY_TRY(covey__sha256_file(digest, NULL, photo->from, err));
    COVEY_TRY(covey__mkdirs(parent, err));
    folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    error = folder < 0 ? errno : covey__place_move(folder, base, photo->from, digest);
    if (error)
        covey__placing_refuse_errno(photo, error);
    else
        remove_empty(photo->from);
done:
    if (folder >= 0)
        close(folder);
    covey__free(parent);
    return status;
}

covey_status covey_organize_undo(covey_organization *out, const char *list, int dry_run,
                                 covey_error *err) {
    covey_organization made = {0};
    covey_status status = read_list(&made, list, err);
    if (status != COVEY_OK) {
        covey_organization_fini(&made);
        return status;
    }
    for (size_t i = 0; i < made.n; ++i) {
        covey_placed *photo = &made.photos[i];
        covey_error own = {0};
        if (move_back(photo, dry_run, &own) != COVEY_OK)
            covey__placing_refuse(photo, own.message);
        made.done += photo->state == COVEY_PLACING_DONE;
        made.before += photo->state == COVEY_PLACING_BEFORE;
        made.refused += photo->state == COVEY_PLACING_REFUSED;
    }
    *out = made;
    return COVEY_OK;
}
