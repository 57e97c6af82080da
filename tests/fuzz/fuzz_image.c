/* SPDX-License-Identifier: MIT */
/* What covey-decode does with a photo, in this process: sniffing, profiles, shrinking, resampling,
 * the thumbnail. The first byte chooses the way of reading. */
#include "covey/photo.h"
#include "decode_internal.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t rgb[COVEY__RGB_BYTES], *thumb;
    static int started;
    enum { SIDE = 64 };
    if (!started) {
        if (VIPS_INIT("fuzz"))
            abort();
        vips_concurrency_set(1);
        vips_cache_set_max(0);
        vips_block_untrusted_set(TRUE);
        thumb = malloc(covey__thumb_room(SIDE, 0));
        started = 1;
    }
    if (size < 2 || !thumb)
        return 0;
    covey__decode_setup setup = {.full = data[0] & 1,
                                 .orient = data[0] >> 1 & 1,
                                 .icc = data[0] >> 2 & 1,
                                 .alpha = data[0] >> 3 & 1,
                                 .crop = data[0] >> 4 & 1,
                                 .thumb = SIDE,
                                 .thumb_raw = data[0] >> 5 & 1,
                                 .max_pixels = 1000000};
    setup.thumb_room = covey__thumb_room(SIDE, 0);
    covey__decode_reply reply = {0};
    decode_job job = {.setup = &setup,
                      .bytes = data + 1,
                      .size = size - 1,
                      .rgb = rgb,
                      .thumb = thumb,
                      .reply = &reply};
    covey_error err = {0};
    if (decode_photo(&job, &err) != COVEY_OK && !err.message[0])
        abort();
    return 0;
}
