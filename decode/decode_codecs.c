/* SPDX-License-Identifier: MIT */
/* Which libraries make pixels here. libvips' version says nothing of the decoders below it, and most of
 * those do not tell theirs; but every library that a linker made carries an id of its own build. */
#include <elf.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "base_internal.h"
#include "decode_internal.h"

enum { MOST = 64 };

typedef struct codecs {
    char lines[MOST][128]; /* [n]: "libjpeg.so.62:build id" */
    size_t n;
} codecs;

/* Compression without loss (zlib, zstd) cannot change a pixel and is left out. */
static int makes_pixels(const char *name) {
    static const char *const families[] = {
        "libvips", "libjpeg",  "libpng",  "libspng", "libwebp", "libsharpyuv", "libtiff", "libgif",
        "libheif", "libde265", "libaom",  "libdav1d", "liblcms", "libexif",    "libhwy"};
    for (size_t i = 0; i < sizeof families / sizeof *families; ++i)
        if (strncmp(name, families[i], strlen(families[i])) == 0)
            return 1;
    return 0;
}

/* The build id among the notes at `at`, as hexadecimal digits; 0 if it is not there. */
static int read_build_id(char *out, size_t room, const uint8_t *at, size_t size) {
    while (size >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) head;
        memcpy(&head, at, sizeof head);
        size_t name = (head.n_namesz + 3u) & ~(size_t)3, content = (head.n_descsz + 3u) & ~(size_t)3;
        if (name > size - sizeof head || content > size - sizeof head - name)
            return 0;
        const uint8_t *id = at + sizeof head + name;
        if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 &&
            !memcmp(at + sizeof head, "GNU", 4) && 2 * (size_t)head.n_descsz < room) {
            covey__hex(out, id, head.n_descsz);
            return 1;
        }
        at = id + content;
        size -= sizeof head + name + content;
    }
    return 0;
}

static int take_library(struct dl_phdr_info *info, size_t size, void *context) {
    codecs *all = context;
    const char *name = covey__path_base(info->dlpi_name ? info->dlpi_name : "");
    (void)size;
    if (!makes_pixels(name) || all->n == MOST)
        return 0;
    char id[65] = "";
    for (int i = 0; i < info->dlpi_phnum && !*id; ++i) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_NOTE)
            read_build_id(id, sizeof id, (const uint8_t *)info->dlpi_addr + part->p_vaddr,
                          part->p_memsz);
    }
    snprintf(all->lines[all->n++], sizeof *all->lines, "%.60s:%s\n", name, id);
    return 0;
}

static int compare_lines(const void *a, const void *b) {
    return strcmp(a, b);
}

void decode_codecs_digest(char out[9]) {
    codecs all = {.n = 0};
    covey__text text = {0};
    uint8_t digest[32];
    dl_iterate_phdr(take_library, &all);
    qsort(all.lines, all.n, sizeof *all.lines, compare_lines);
    for (size_t i = 0; i < all.n; ++i)
        covey__text_add(&text, all.lines[i]);
    covey__sha256(digest, text.data ? text.data : "", text.size);
    covey__hex(out, digest, 4);
    covey__text_fini(&text);
}
