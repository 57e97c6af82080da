/* SPDX-License-Identifier: MIT */
/* What the library says to covey-draw: one figure as a list of strokes, in a memfd; and what comes
 * back: the bytes of a PNG or SVG, through a pipe. One process draws one figure.
 *
 *     list:  | covey__draw_head | record | record | ...
 *     record:  covey__draw_record, numbers [n_numbers] float64, bytes [n_bytes] padded to 8
 */
#ifndef COVEY_DRAW_PROTOCOL_INTERNAL_H
#define COVEY_DRAW_PROTOCOL_INTERNAL_H

#include <stdint.h>

enum {
    COVEY__DRAW_LIST = 3, /* descriptors of the drawer */
    COVEY__DRAW_OUT = 4,
    COVEY__DRAW_MAGIC = 0x43560101,
    COVEY__DRAW_VERSION = 1,
    COVEY__DRAW_NUMBERS = 8, /* of one record, at most */
    COVEY__DRAW_DASHES = 6
};

/* Exit codes of the drawer, beside 0. */
enum { COVEY__DRAW_BAD_LIST = 3, COVEY__DRAW_NO_MEMORY = 4, COVEY__DRAW_FAILED = 5 };

/* X(operation, numbers): each is Cairo's call of that name, unless said. Numbers:
 * COLOUR r g b a; WIDTH; DASH n and 6 lengths; JOIN 0 mitre, 1 round; CIRCLE x y radius;
 * TEXT x y width size bold soft centred right, bytes: UTF-8 of one line;
 * IMAGE x y width height sharp columns rows, bytes: rgb [rows][columns][3], none: a grey box. */
#define COVEY__DRAW_MAP(X)                                                                       \
    X(NEW_PATH, 0)                                                                               \
    X(MOVE_TO, 2)                                                                                \
    X(LINE_TO, 2)                                                                                \
    X(CLOSE_PATH, 0)                                                                             \
    X(CIRCLE, 3)                                                                                 \
    X(RECTANGLE, 4)                                                                              \
    X(STROKE, 0)                                                                                 \
    X(STROKE_PRESERVE, 0)                                                                        \
    X(FILL, 0)                                                                                   \
    X(FILL_PRESERVE, 0)                                                                          \
    X(CLIP, 0)                                                                                   \
    X(SAVE, 0)                                                                                   \
    X(RESTORE, 0)                                                                                \
    X(COLOUR, 4)                                                                                 \
    X(WIDTH, 1)                                                                                  \
    X(DASH, 7)                                                                                   \
    X(JOIN, 1)                                                                                   \
    X(TEXT, 8)                                                                                   \
    X(IMAGE, 7)
typedef enum covey__draw_op {
#define COVEY__DRAW_ROW(name, numbers) COVEY__DRAW_##name,
    COVEY__DRAW_MAP(COVEY__DRAW_ROW)
#undef COVEY__DRAW_ROW
        COVEY__DRAW_OPS
} covey__draw_op;

typedef struct covey__draw_head {
    uint32_t magic, version;
    uint32_t svg;           /* 0: PNG */
    uint32_t width, height; /* logical pixels */
    uint32_t reserved;
} covey__draw_head;

typedef struct covey__draw_record {
    uint32_t op, n_numbers;
    uint64_t n_bytes;
} covey__draw_record;

#endif
