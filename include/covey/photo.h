/* SPDX-License-Identifier: MIT */
/* Finding photos, and decoding them in processes of their own.
 *
 * A covey_files list is read-only once made and may be shared. A covey_decoder belongs to one
 * thread at a time. Photos are decoded by covey-decode workers (libvips): a photo that crashes,
 * hangs or bloats its decoder costs that photo alone. */
#ifndef COVEY_PHOTO_H
#define COVEY_PHOTO_H

#include <stdint.h>

#include "covey/status.h"

COVEY_BEGIN_DECLS

/* ---- finding ---------------------------------------------------------------------------- */

/* Which files are looked for; begin with covey_find_params_default. */
typedef struct covey_find_params {
    int recursive;              /* default 1 */
    const char *const *exclude; /* [n_exclude] shell patterns against relative path and base name */
    size_t n_exclude;
} covey_find_params;
/* Recursive, nothing excluded. */
COVEY_API covey_find_params covey_find_params_default(void);

/* A file that may be a photo: by content (its first bytes), or by a photo's or video's name. Files
 * that are neither (notes.txt) are counted as others. A text file named .jpg is found, and skipped
 * with a reason when it is decoded. */
typedef struct covey_file {
    size_t root;         /* index of its root */
    const char *path;    /* relative to the root, raw bytes */
    const char *full;    /* root/path */
} covey_file;

/* A list of files that may be photos (covey_files_new, covey_files_free). */
typedef struct covey_files covey_files;

/* Folders are walked (hidden entries and symlinked folders apart), files that are named are taken
 * whatever they are, under their folder as root; sorted by root as given, then path, bytewise. The
 * same file reached twice (links, overlapping folders) is listed once, under its first name. FIFOs,
 * sockets and devices are never opened. A subfolder that cannot be read and a link that leads
 * nowhere are listed, for the decoder to skip with a reason. A missing path: COVEY_E_NOT_FOUND; one
 * that is neither folder nor regular file: COVEY_E_FORMAT. No photo at all is not an error here: see
 * the count. The caller frees *out. */
COVEY_API COVEY_NODISCARD covey_status covey_files_new(covey_files **out,
                                                       const char *const *paths, size_t n_paths,
                                                       const covey_find_params *params,
                                                       covey_error *err);
COVEY_API void covey_files_free(covey_files *files); /* accepts NULL */
/* Files listed. */
COVEY_API size_t covey_files_count(const covey_files *files);
/* File `index` (0 .. count-1), owned by the list. */
COVEY_API const covey_file *covey_files_get(const covey_files *files, size_t index);
/* Folders that the paths are relative to. */
COVEY_API size_t covey_files_root_count(const covey_files *files);
COVEY_API const char *covey_files_root(const covey_files *files, size_t index); /* absolute */
/* Files met that are neither photos nor videos. */
COVEY_API size_t covey_files_other_count(const covey_files *files);

/* ---- decoding --------------------------------------------------------------------------- */

/* Transparent pixels: on white, or the colour stored below them. */
typedef enum covey_alpha { COVEY_ALPHA_WHITE = 0, COVEY_ALPHA_DROP = 1 } covey_alpha;

/* How photos are decoded; begin with covey_decode_params_default. */
typedef struct covey_decode_params {
    int threads;          /* worker processes; 0: all cores */
    int full;             /* 1: never decode at reduced scale (default 0) */
    int orient;           /* apply EXIF orientation (default 1) */
    int icc;              /* convert to sRGB by the embedded profile (default 1) */
    covey_alpha alpha;    /* default COVEY_ALPHA_WHITE */
    int crop;             /* 1: Resize(256) + CenterCrop(224) in place of Resize((224,224)) */
    size_t thumb;         /* longest side of a thumbnail, 0 for none, at most 2048 */
    int thumb_raw;        /* 1: thumbnails as RGB8 pixels in place of JPEG */
    uint64_t max_pixels;  /* larger photos are skipped (default 400 million) */
    double time_limit;    /* seconds per photo (default 60) */
    const char *program;  /* covey-decode, borrowed for covey_decoder_new; NULL: $COVEY_DECODE, else
                             beside the running program, in its ../libexec, where installed */
} covey_decode_params;
/* The values named at each member; no thumbnails, all cores. */
COVEY_API covey_decode_params covey_decode_params_default(void);

/* Equal to torchvision on Pillow (13) for 8-bit JPEG and PNG in L, RGB, P and RGBA: full decode, no orientation, no ICC,
 * alpha dropped. */
COVEY_API void covey_decode_params_set_exact(covey_decode_params *params);

/* Side of the square photo that the network sees. */
enum { COVEY_PHOTO_SIDE = 224 };

/* A decoded photo; pointers are valid until covey_decoder_release. */
typedef struct covey_photo {
    size_t index;          /* in the order submitted */
    covey_status status;   /* COVEY_OK, or why it was skipped */
    const char *reason;    /* one sentence for skipped.csv, valid UTF-8; "" if used */
    const uint8_t *rgb;    /* [224][224][3], NULL if skipped */
    const uint8_t *thumb;  /* JPEG bytes or [thumb_height][thumb_width][3], or NULL */
    size_t thumb_bytes;
    size_t thumb_width, thumb_height;
    uint32_t width, height; /* upright, as a viewer shows it */
    uint64_t bytes;         /* of the file */
    uint8_t sha256[32];     /* of the file, also where decoding failed; zero if it was not read */
    size_t slot;            /* internal */
} covey_photo;

/* Decoding workers (covey_decoder_new, covey_decoder_free). */
typedef struct covey_decoder covey_decoder;

/* Starts the workers and a thread that feeds them, and waits until they are up (some 50 ms).
 * `ahead` photos may be decoded before they are taken (1 to 65536; a batch of the network plus the
 * workers keeps both busy). A decoder that is missing or does not start: COVEY_E_NOT_FOUND,
 * COVEY_E_IO or COVEY_E_DECODER, with its path. The caller frees *out. */
COVEY_API COVEY_NODISCARD covey_status covey_decoder_new(covey_decoder **out, size_t ahead,
                                                         const covey_decode_params *params,
                                                         covey_error *err);
COVEY_API void covey_decoder_free(covey_decoder *decoder); /* accepts NULL; ends the workers */

/* Begins on `paths` [n] (borrowed until the last is taken). One run at a time. */
COVEY_API COVEY_NODISCARD covey_status covey_decoder_start(covey_decoder *decoder,
                                                           const char *const *paths, size_t n,
                                                           covey_error *err);

/* The next photo in the order of `paths`, waiting for it. At most `ahead` photos may be held
 * unreleased, in any order; COVEY_E_ARGUMENT beyond that, and after the last photo. A bad photo is
 * COVEY_OK with photo->status set: used and skipped add up to n. An error means that decoding cannot
 * go on (a worker could not be restarted, descriptors or memory ran out). */
COVEY_API COVEY_NODISCARD covey_status covey_decoder_next(covey_decoder *decoder,
                                                          covey_photo *photo, covey_error *err);
/* Gives the place of a taken photo back; its pointers end here. */
COVEY_API void covey_decoder_release(covey_decoder *decoder, const covey_photo *photo);

/* Names everything the pixels depend on, for the passport and caches: "224 bilinear orient icc
 * alpha=white shrink vips-8.14.1 codecs-1a2b3c4d", the last being a digest of the builds of all
 * libraries that make pixels. Valid while the decoder lives. */
COVEY_API const char *covey_decoder_preparation(const covey_decoder *decoder);

/* What keeps a hostile photo's decoder from doing harm on this machine, for the passport: "seccomp,
 * limits, no new privileges", and what is missing where the kernel offers less. Valid while the
 * decoder lives. */
COVEY_API const char *covey_decoder_isolation(const covey_decoder *decoder);

/* ---- resampling ------------------------------------------------------------------------- */

/* Bilinear Image.resize of Pillow 13 on 8-bit RGB, to the bit: in [in_height][in_width][3] to
 * out [out_height][out_width][3]. No aliasing. */
COVEY_API COVEY_NODISCARD covey_status covey_photo_resize(uint8_t *out, size_t out_width,
                                                          size_t out_height, const uint8_t *in,
                                                          size_t in_width, size_t in_height);

COVEY_END_DECLS

#endif
