/* SPDX-License-Identifier: MIT */
/* Is this ICC profile sRGB under one of its many names? A matrix profile is: its three colorants
 * and its three tone curves are compared with sRGB's (IEC 61966-2-1, adapted to D50). */
#include <math.h>
#include <string.h>

#include "decode_internal.h"

typedef struct bytes {
    const uint8_t *at;
    size_t size;
} bytes;

static uint32_t big(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* s15Fixed16Number */
static double fixed(const uint8_t *p) {
    return (double)(int32_t)big(p) / 65536.0;
}

/* The content of a tag, size 0 if there is none. */
static bytes tag(bytes profile, const char *name) {
    uint32_t count = big(profile.at + 128);
    const uint8_t *entry = profile.at + 132;
    for (; count-- && (size_t)(entry - profile.at) + 12 <= profile.size; entry += 12) {
        uint32_t offset = big(entry + 4), size = big(entry + 8);
        if (!memcmp(entry, name, 4) && offset <= profile.size && size <= profile.size - offset)
            return (bytes){profile.at + offset, size};
    }
    return (bytes){NULL, 0};
}

static int is_colorant(bytes t, const double want[3]) {
    if (t.size < 20 || memcmp(t.at, "XYZ ", 4))
        return 0;
    for (int i = 0; i < 3; ++i)
        if (fabs(fixed(t.at + 8 + 4 * i) - want[i]) > 0.001)
            return 0;
    return 1;
}

static double srgb_encode(double linear) {
    return linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;
}

/* A table of 16-bit samples, or a parametric curve of type 3; NaN for any other. */
static double curve(bytes t, double x) {
    if (t.size >= 14 && !memcmp(t.at, "curv", 4)) {
        uint32_t n = big(t.at + 8);
        if (n < 2 || n > (t.size - 12) / 2)
            return NAN;
        double place = x * (n - 1);
        uint32_t low = (uint32_t)place < n - 2 ? (uint32_t)place : n - 2;
        const uint8_t *p = t.at + 12 + 2 * (size_t)low;
        double a = p[0] << 8 | p[1], b = p[2] << 8 | p[3];
        return (a + (b - a) * (place - low)) / 65535.0;
    }
    if (t.size >= 32 && !memcmp(t.at, "para", 4) && t.at[8] == 0 && t.at[9] == 3) {
        double g = fixed(t.at + 12), a = fixed(t.at + 16), b = fixed(t.at + 20);
        double c = fixed(t.at + 24), d = fixed(t.at + 28);
        return x >= d ? pow(a * x + b, g) : c * x;
    }
    return NAN;
}

static int is_srgb_curve(bytes t) {
    for (int i = 0; i <= 64; ++i) {
        double x = i / 64.0, error = fabs(srgb_encode(curve(t, x)) - x);
        if (!(error < 0.5 / 255))
            return 0;
    }
    return 1;
}

int decode_profile_is_srgb(const uint8_t *profile, size_t size) {
    static const double red[3] = {0.43607, 0.22249, 0.01392};
    static const double green[3] = {0.38515, 0.71687, 0.09708};
    static const double blue[3] = {0.14307, 0.06061, 0.71410};
    bytes p = {profile, size};
    if (size < 132 || memcmp(profile + 16, "RGB XYZ ", 8) || tag(p, "A2B0").size)
        return 0;
    return is_colorant(tag(p, "rXYZ"), red) && is_colorant(tag(p, "gXYZ"), green) &&
           is_colorant(tag(p, "bXYZ"), blue) && is_srgb_curve(tag(p, "rTRC")) &&
           is_srgb_curve(tag(p, "gTRC")) && is_srgb_curve(tag(p, "bTRC"));
}
