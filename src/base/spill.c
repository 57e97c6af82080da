/* SPDX-License-Identifier: MIT */
/* Arrays larger than memory: files without a name, mapped, and a thread that keeps the process's
 * resident memory under a limit. The arithmetic reads rows where they lie, so that nothing of it
 * knows of the disk, and its results cannot depend on it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/vfs.h>
#endif

#include "base_internal.h"
#include "covey/memory.h"
#include "spill_internal.h"

enum {
    TICK = 1000000,            /* ns between looks at the resident memory */
    MEGABYTE = 1 << 20,
    LARGEST_WINDOW = 64 << 20, /* let go of at once */
    MOST_AHEAD = 32 << 20,
    MOST_SPARE = 256 << 20
};

typedef struct region {
    char *base;
    size_t size;
    size_t at;     /* where work was last seen to begin */
    size_t issued; /* read ahead up to here */
    struct region *next;
} region;

/* The limit is the process's, and so is its keeper. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    pthread_t thread;
    region *regions;
    region *hand; /* whose pages go next, from `offset` on */
    size_t offset;
    size_t limit;
    char *folder;
    int statm; /* /proc/self/statm, or -1; open while the keeper runs */
    uintptr_t generation; /* of the keeper that is to go on; one more ends it */
    int running;
    atomic_size_t count; /* of regions */
    atomic_size_t least; /* arrays from this size on are spilled; 0: none */
    atomic_int full;     /* the last array found no room on the disk */
} keeper = {.mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

/* ---- resident memory --------------------------------------------------------------------- */

/* Bytes of this process in memory; SIZE_MAX where the system does not say, so that arrays are then
 * let go of all the time. */
static size_t resident(int statm) {
    char text[128];
    size_t size = 0, pages = 0;
    ssize_t n = statm < 0 ? -1 : pread(statm, text, sizeof text - 1, 0);
    if (n <= 0)
        return SIZE_MAX;
    text[n] = '\0';
    char *after = NULL;
    size = strtoull(text, &after, 10);
    pages = strtoull(after, NULL, 10);
    return size && pages ? pages * (size_t)sysconf(_SC_PAGESIZE) : SIZE_MAX;
}

/* With the mutex held. Lets go of arrays, one window after the other around the clock, until the
 * process is well below the limit or all have been let go of once. What is left free is what a
 * processor may touch before the next look. */
static void let_go(void) {
    size_t window = keeper.limit / 16, left = 0, spare = keeper.limit / 2;
    int statm = keeper.statm;
    spare = spare > MOST_SPARE ? MOST_SPARE : spare;
    spare = spare < keeper.limit / 4 ? keeper.limit / 4 : spare;
    window = window > LARGEST_WINDOW ? LARGEST_WINDOW : window < MEGABYTE ? MEGABYTE : window;
    window &= ~(size_t)(MEGABYTE - 1);
    if (resident(statm) < keeper.limit - spare)
        return;
    for (region *r = keeper.regions; r; r = r->next)
        left += r->size / window + 1;
    for (; left && resident(statm) > keeper.limit - spare - spare / 4; --left) {
        if (!keeper.hand || keeper.offset >= keeper.hand->size) {
            keeper.hand = keeper.hand && keeper.hand->next ? keeper.hand->next : keeper.regions;
            keeper.offset = 0;
        }
        size_t rest = keeper.hand->size - keeper.offset;
        /* A shared mapping of a file: what was written stays, in the file. */
        (void)madvise(keeper.hand->base + keeper.offset, rest < window ? rest : window,
                      MADV_DONTNEED);
        keeper.offset += window;
    }
}

static void read_ahead(region *r) {
    size_t most = keeper.limit / 8 < MOST_AHEAD ? keeper.limit / 8 : MOST_AHEAD;
    size_t end = r->size - r->at < most ? r->size : r->at + most;
    end &= ~(size_t)(MEGABYTE - 1);
    if (r->issued < r->at || r->issued > r->at + 2 * most) /* a new pass, or a leap */
        r->issued = r->at & ~(size_t)(MEGABYTE - 1);
    if (end > r->issued) {
        (void)madvise(r->base + r->issued, end - r->issued, MADV_WILLNEED);
        r->issued = end;
    }
}

static void *keep(void *generation) {
    pthread_mutex_lock(&keeper.mutex);
    while (keeper.generation == (uintptr_t)generation) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += TICK;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        (void)pthread_cond_timedwait(&keeper.wake, &keeper.mutex, &until);
        if (keeper.generation != (uintptr_t)generation)
            break;
        let_go();
        for (region *r = keeper.regions; r; r = r->next)
            read_ahead(r);
    }
    pthread_mutex_unlock(&keeper.mutex);
    return NULL;
}

/* With the mutex held. The host program's signals are not the keeper's to take. */
static int start_keeper(void) {
    sigset_t all, before;
    if (keeper.running)
        return 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&keeper.thread, NULL, keep, (void *)keeper.generation);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    keeper.running = !failed;
    keeper.statm = failed ? -1 : open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    return failed;
}

/* ---- arrays ------------------------------------------------------------------------------ */

int covey__scratch_open(const char *folder) {
    int fd = -1;
#ifdef O_TMPFILE
    fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
#endif
    char *path = covey__path_join(folder, "covey-XXXXXX");
    if (!path) {
        errno = ENOMEM;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path);
    covey__free(path);
    return fd;
}

int covey__spill_wanted(size_t bytes) {
    size_t least = atomic_load_explicit(&keeper.least, memory_order_relaxed);
    return least && bytes >= least;
}

/* Of `size` bytes those from `own` on, own_bytes of them, have their place on the disk. */
static void *map_scratch(size_t size, size_t own, size_t own_bytes) {
    int fd = covey__scratch_open(keeper.folder);
    void *base = MAP_FAILED;
    if (fd < 0)
        return NULL;
    int failed = ftruncate(fd, (off_t)size) ? errno : 0;
    if (!failed && own_bytes) /* else a full disk would be a SIGBUS */
        failed = posix_fallocate(fd, (off_t)own, (off_t)own_bytes);
    if (!failed)
        base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base != MAP_FAILED) /* with large pages a touch would bring in 2 MiB at once */
        (void)madvise(base, size, MADV_NOHUGEPAGE);
    atomic_store(&keeper.full, failed == ENOSPC || failed == EDQUOT || failed == EFBIG);
    close(fd);
    return base == MAP_FAILED ? NULL : base;
}

void *covey__spill_new(size_t bytes) {
    return covey__spill_new_part(bytes, 0, bytes);
}

void *covey__spill_new_part(size_t bytes, size_t own, size_t own_bytes) {
    size_t size;
    if (covey__add_size(&size, bytes, MEGABYTE - 1) || size > INT64_MAX / 2)
        return NULL;
    size &= ~(size_t)(MEGABYTE - 1);
    region *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    pthread_mutex_lock(&keeper.mutex);
    made->base = keeper.folder ? map_scratch(size, own, own_bytes) : NULL;
    if (made->base && start_keeper()) {
        munmap(made->base, size);
        made->base = NULL;
    }
    if (made->base) {
        made->size = made->issued = size;
        made->at = 0;
        made->next = keeper.regions;
        keeper.regions = made;
        atomic_fetch_add(&keeper.count, 1);
    }
    pthread_mutex_unlock(&keeper.mutex);
    void *base = made->base;
    if (!base)
        free(made);
    return base;
}

/* With the mutex held: the place of the region that begins at or, with `inside`, holds `pointer`. */
static region **find(const void *pointer, int inside) {
    const char *p = pointer;
    region **at = &keeper.regions;
    while (*at && !(inside ? p >= (*at)->base && p < (*at)->base + (*at)->size : p == (*at)->base))
        at = &(*at)->next;
    return at;
}

int covey__spill_free(void *pointer) {
    if (!pointer || !atomic_load_explicit(&keeper.count, memory_order_relaxed))
        return 0;
    pthread_t thread;
    int last = 0;
    pthread_mutex_lock(&keeper.mutex);
    region **at = find(pointer, 0), *gone = *at;
    if (gone) {
        *at = gone->next;
        if (keeper.hand == gone)
            keeper.hand = NULL;
        atomic_fetch_sub(&keeper.count, 1);
        last = !keeper.regions && keeper.running;
        if (last) {
            thread = keeper.thread;
            ++keeper.generation;
            keeper.running = 0;
            if (keeper.statm >= 0)
                close(keeper.statm);
            keeper.statm = -1;
            pthread_cond_broadcast(&keeper.wake);
        }
    }
    pthread_mutex_unlock(&keeper.mutex);
    if (last)
        pthread_join(thread, NULL);
    if (gone)
        munmap(gone->base, gone->size);
    free(gone);
    return gone != NULL;
}

int covey__spill_holds(const void *pointer) {
    if (!atomic_load_explicit(&keeper.count, memory_order_relaxed))
        return 0;
    pthread_mutex_lock(&keeper.mutex);
    int held = *find(pointer, 1) != NULL;
    pthread_mutex_unlock(&keeper.mutex);
    return held;
}

void covey__spill_ahead(const void *pointer) {
    if (!atomic_load_explicit(&keeper.count, memory_order_relaxed))
        return;
    pthread_mutex_lock(&keeper.mutex);
    region *r = *find(pointer, 1);
    if (r)
        r->at = (size_t)((const char *)pointer - r->base);
    let_go(); /* the keeper may not get a processor in time */
    pthread_mutex_unlock(&keeper.mutex);
}

/* ---- the limit --------------------------------------------------------------------------- */

int covey__scratch_is_memory(int fd) {
#ifdef __linux__
    enum { TMPFS = 0x01021994 };
    static const unsigned long RAMFS = 0x858458f6UL;
    struct statfs info;
    if (fstatfs(fd, &info))
        return 0;
    unsigned long type = (unsigned long)info.f_type & 0xffffffffUL;
    return type == TMPFS || type == RAMFS;
#else
    (void)fd;
    return 0;
#endif
}

covey_status covey__spill_limit(size_t limit, size_t least, const char *folder, covey_error *err) {
    covey_status status = COVEY_OK;
    char *copy = NULL, *old = NULL;
    int fd = -1;
    if (!limit) {
        atomic_store(&keeper.least, 0);
        atomic_store(&keeper.full, 0);
        return COVEY_OK;
    }
    if (!folder)
        folder = getenv("TMPDIR");
    if (!folder || !*folder)
        folder = "/var/tmp";
    fd = covey__scratch_open(folder);
    if (fd < 0)
        return covey__fail_errno(err, folder,
                                 "cannot hold what exceeds the memory limit; name another folder "
                                 "in TMPDIR");
    COVEY_FAIL_IF(covey__scratch_is_memory(fd), err, COVEY_E_UNSUPPORTED, folder,
                  "lies in memory itself, so that nothing would be spared; name a folder on a disk "
                  "in TMPDIR");
    copy = strdup(folder);
    COVEY_NOMEM_IF(!copy, err);
    pthread_mutex_lock(&keeper.mutex);
    old = keeper.folder;
    keeper.folder = copy;
    keeper.limit = limit;
    atomic_store(&keeper.least, least);
    pthread_mutex_unlock(&keeper.mutex);
    free(old);
done:
    close(fd);
    return status;
}

covey_status covey_memory_limit(size_t limit, const char *folder, covey_error *err) {
    size_t least = limit / 256 > MEGABYTE ? limit / 256 : MEGABYTE;
    if (limit && limit < COVEY_MEMORY_LEAST)
        return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                           "a memory limit of %zu bytes is too small; allow at least 64M", limit);
    return covey__spill_limit(limit, least, folder, err);
}

const char *covey__nomem_sentence(void) {
    return atomic_load(&keeper.full)
               ? "the disk is full that holds what exceeds the memory limit; make room there or "
                 "name a folder on another disk in TMPDIR"
               : "memory ran out; use fewer photos or threads";
}
