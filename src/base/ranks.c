/* SPDX-License-Identifier: MIT */
/* The ranks of the job: found at its begin, agreed with, left at its end. */
#include "covey/ranks.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base_internal.h"
#include "covey/cpu.h"
#include "program_internal.h"
#include "ranks_internal.h"

enum { MOST_RANKS = 4096, SENTENCE = 256 };

/* A rank that failed alone waits so long for the others before it ends them, in seconds. */
static const double PATIENCE = 5;

/* The ranks belong to the process, as its place in the job does. */
static const covey__ranks *current = &covey__ranks_single;
static int split_loads;
static char words[256];

const covey__ranks *covey__ranks_get(void) {
    return current;
}

const covey__ranks *covey__ranks_split_loads(void) {
    return split_loads ? current : &covey__ranks_single;
}

int covey_ranks_split(int split) {
    int before = split_loads;
    split_loads = split;
    return before;
}

int covey__ranks_cores(void) {
    int cores = covey_cpu_count();
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    if (current->local > 1 && cores >= online) /* not bound to cores of its own */
        cores /= current->local;
    return cores > 0 ? cores : 1;
}

int covey_ranks_rank(void) {
    return current->rank;
}

int covey_ranks_count(void) {
    return current->count;
}

const char *covey_ranks_words(void) {
    return words;
}

void covey_ranks_traffic(uint64_t *calls, uint64_t *bytes, double *seconds) {
    if (calls)
        *calls = current->traffic->calls;
    if (bytes)
        *bytes = current->traffic->bytes;
    if (seconds)
        *seconds = current->traffic->seconds;
}

double covey_ranks_busy(void) {
    struct timespec t = {0};
    if (current->count == 1)
        return 0;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec - current->traffic->polling;
}

int covey_ranks_launched(void) {
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK",
                                        "MPI_LOCALRANKID"};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        const char *text = getenv(names[i]);
        if (text && *text >= '0' && *text <= '9')
            return atoi(text);
    }
    return -1;
}

/* ---- agreement ---------------------------------------------------------------------------- */

covey_status covey__ranks_agree(const covey__ranks *ranks, covey_status status, covey_error *err) {
    covey_error told = {0};
    char host[COVEY__HOST_BYTES];
    int64_t failed = status == COVEY_OK ? ranks->count : ranks->rank;
    if (ranks->count == 1)
        return status;
    ranks->reduce(&failed, 1, COVEY__LEAST);
    if (failed == ranks->count)
        return COVEY_OK;
    if (err && ranks->rank == (int)failed)
        told = *err;
    told.status = status;
    memcpy(host, ranks->host, sizeof host);
    ranks->broadcast(&told, sizeof told, (int)failed);
    ranks->broadcast(host, sizeof host, (int)failed);
    if (err)
        *err = told;
    if (failed == 0 || !err)
        return told.status;
    return covey__fail(err, told.status, told.path[0] ? told.path : NULL,
                       "%.360s (said rank %d of %d, on %s)",
                       told.message[0] ? told.message : covey_status_str(told.status), (int)failed,
                       ranks->count, host);
}

covey_status covey_ranks_agree(covey_status status, covey_error *err) {
    return covey__ranks_agree(current, status, err);
}

covey_status covey_ranks_same(const char *what, const char *text, covey_error *err) {
    enum { SHOWN = 100 };
    uint8_t digest[32], first[32];
    char shown[SHOWN + 1];
    if (current->count == 1)
        return COVEY_OK;
    covey__sha256(digest, text, strlen(text));
    memcpy(first, digest, sizeof first);
    current->broadcast(first, sizeof first, 0);
    int64_t differs = memcmp(first, digest, sizeof first) ? current->rank : current->count;
    current->reduce(&differs, 1, COVEY__LEAST);
    if (differs == current->count)
        return COVEY_OK;
    snprintf(shown, sizeof shown, "%s", text);
    current->broadcast(shown, sizeof shown, (int)differs);
    return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                       "rank %d of %d has another %s than rank 0: '%s'; all ranks must have the same",
                       (int)differs, current->count, what, shown);
}

void covey_ranks_tell(void *data, size_t bytes) {
    current->broadcast(data, bytes, 0);
}

covey_status covey_ranks_gather(const float *x, size_t n, size_t d, covey_error *err) {
    covey__share share = covey__share_of(x, n);
    size_t bytes = 0;
    if (share.ranks->count == 1)
        return COVEY_OK;
    if (covey__mul_size(&bytes, d, sizeof *x))
        return covey__fail(err, COVEY_E_LIMIT, NULL, "rows of %zu numbers are too long", d);
    covey__exchange_rows(&share, (float *)(uintptr_t)x, bytes); /* completes the array */
    covey__split_whole(x);
    return COVEY_OK;
}

/* ---- begin ---------------------------------------------------------------------------------- */

/* The lowest instruction set becomes that of all. */
static void agree_on_isa(covey_isa own, size_t hosts) {
    int64_t lowest = own, holder;
    current->reduce(&lowest, 1, COVEY__LEAST);
    holder = own == (covey_isa)lowest ? current->rank : current->count;
    current->reduce(&holder, 1, COVEY__LEAST);
    int64_t best = own;
    current->reduce(&best, 1, COVEY__MOST);
    covey__isa_limit((covey_isa)lowest);
    char host[COVEY__HOST_BYTES], why[COVEY__HOST_BYTES + 64] = "";
    memcpy(host, current->host, sizeof host);
    current->broadcast(host, sizeof host, (int)holder);
    if (best != lowest)
        snprintf(why, sizeof why, ", as rank %d on %s has no better", (int)holder, host);
    snprintf(words, sizeof words, "%d ranks on %zu host%s, kernels %s on all of them%s",
             current->count, hosts, hosts == 1 ? "" : "s", covey_isa_name((covey_isa)lowest), why);
}

static size_t count_hosts(covey_error *err) {
    size_t bytes[MOST_RANKS], offsets[MOST_RANKS], hosts = 0, count = (size_t)current->count;
    char(*names)[COVEY__HOST_BYTES] = covey__calloc(count, sizeof *names);
    if (!names) {
        (void)covey__fail(err, COVEY_E_NOMEM, NULL, "%s", covey__nomem_sentence());
        return 0;
    }
    for (size_t r = 0; r < count; ++r) {
        bytes[r] = sizeof *names;
        offsets[r] = r * sizeof *names;
    }
    memcpy(names[current->rank], current->host, sizeof *names);
    current->gather(names, bytes, offsets);
    for (size_t r = 0; r < count; ++r) {
        size_t same = 0;
        while (same < r && strcmp(names[same], names[r]) != 0)
            ++same;
        hosts += same == r;
    }
    covey__free(names);
    return hosts;
}

static covey_status load_module(covey__ranks_begin_fn **begin, covey_error *err) {
    static const covey__program module = {"covey-mpi.so", "COVEY_MPI_MODULE",
                                          "the part that speaks MPI"};
    covey_status status = COVEY_OK;
    char *path = NULL;
    if (covey__program_find(&path, NULL, &module, err) != COVEY_OK)
        return covey__fail(err, COVEY_E_NOT_FOUND, NULL,
                           "started by mpirun, but this Covey was built without MPI: covey-mpi.so is "
                           "not there; build it with -DCOVEY_MPI=ON, or start covey by itself");
    /* MPI loads parts of its own, which look for the symbols of the first. */
    void *handle = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    COVEY_FAIL_IF(!handle, err, COVEY_E_NOT_FOUND, path, "could not be loaded: %.180s", dlerror());
    *(void **)begin = dlsym(handle, COVEY__RANKS_SYMBOL);
    COVEY_FAIL_IF(!*begin, err, COVEY_E_UNSUPPORTED, path,
                  "is of another version of Covey; install both from one build");
done:
    covey__free(path);
    return status;
}

covey_status covey_ranks_begin(covey_error *err) {
    covey_status status = COVEY_OK;
    covey__ranks_begin_fn *begin = NULL;
    if (current != &covey__ranks_single || covey_ranks_launched() < 0)
        return COVEY_OK;
    COVEY_TRY(load_module(&begin, err));
    const covey__ranks *found = begin();
    COVEY_FAIL_IF(!found, err, COVEY_E_IO, NULL, "MPI could not be started");
    COVEY_FAIL_IF(found->count > MOST_RANKS, err, COVEY_E_LIMIT, NULL,
                  "%d ranks are more than the %d that can share the work", found->count, MOST_RANKS);
    current = found;
    if (found->count == 1)
        return COVEY_OK;
    size_t hosts = count_hosts(err);
    COVEY_TRY(covey_ranks_agree(hosts ? COVEY_OK : COVEY_E_NOMEM, err));
    COVEY_TRY(covey_ranks_same("version of Covey", covey_version(), err));
    covey_isa isa = COVEY_ISA_SCALAR;
    status = covey_isa_in_use(&isa, err);
    COVEY_TRY(covey_ranks_agree(status, err));
    agree_on_isa(isa, hosts);
done:
    return status;
}

/* ---- the end ------------------------------------------------------------------------------- */

int covey_ranks_end(int code, const char *sentence, char said[256]) {
    char line[SENTENCE] = "";
    const covey__ranks *ranks = current;
    if (said)
        said[0] = '\0';
    if (ranks == &covey__ranks_single)
        return code;
    if (!ranks->meet(code ? PATIENCE : INFINITY)) {
        char alone[SENTENCE + COVEY__HOST_BYTES + 64];
        snprintf(alone, sizeof alone, "covey: rank %d of %d, on %s, failed: %s\n", ranks->rank,
                 ranks->count, ranks->host, sentence ? sentence : "without a sentence");
        ranks->abandon(code, ranks->rank ? alone : "");
        return code;
    }
    int64_t failed = code ? ranks->rank : ranks->count, most = code;
    ranks->reduce(&most, 1, COVEY__MOST);
    ranks->reduce(&failed, 1, COVEY__LEAST);
    if (failed > 0 && failed < ranks->count) {
        snprintf(line, sizeof line, "%s", sentence ? sentence : "");
        ranks->broadcast(line, sizeof line, (int)failed);
        if (said)
            snprintf(said, 256, "rank %d of %d failed: %.200s", (int)failed, ranks->count, line);
    }
    ranks->end();
    current = &covey__ranks_single;
    return (int)most;
}
