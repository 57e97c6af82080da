/* SPDX-License-Identifier: MIT */
/* What a file is, told from its first bytes or its name. */
#ifndef COVEY_PHOTO_INTERNAL_H
#define COVEY_PHOTO_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that covey__sniff wants to see; fewer are fine. */
enum { COVEY__SNIFF_BYTES = 512 };

/* (kind, the word in a sentence). Kinds up to AVIF are read by covey-decode. */
#define COVEY__KIND_MAP(X)                                                                       \
    X(JPEG, "a JPEG")                                                                            \
    X(PNG, "a PNG")                                                                              \
    X(WEBP, "a WebP")                                                                            \
    X(TIFF, "a TIFF")                                                                            \
    X(GIF, "a GIF")                                                                              \
    X(HEIC, "a HEIC")                                                                            \
    X(AVIF, "an AVIF")                                                                           \
    X(BMP, "a BMP picture")                                                                      \
    X(PSD, "a Photoshop document")                                                               \
    X(SVG, "an SVG drawing")                                                                     \
    X(PDF, "a PDF document")                                                                     \
    X(RAW, "a camera's raw file")                                                                \
    X(JXL, "a JPEG XL picture")                                                                  \
    X(JP2, "a JPEG 2000 picture")                                                                \
    X(VIDEO, "a video")                                                                          \
    X(UNKNOWN, "no picture")

typedef enum covey__kind {
#define COVEY__KIND_ENUM(name, words) COVEY__KIND_##name,
    COVEY__KIND_MAP(COVEY__KIND_ENUM)
#undef COVEY__KIND_ENUM
} covey__kind;

const char *covey__kind_words(covey__kind kind);

/* Told from the first n bytes alone. */
covey__kind covey__sniff(const uint8_t *head, size_t n);

/* Told from what follows the last dot of the name, in any case. */
covey__kind covey__kind_of_name(const char *name);

/* A photo or a video, or something that people keep among photos: all but UNKNOWN and PDF. */
int covey__kind_is_photo_like(covey__kind kind);

#endif
