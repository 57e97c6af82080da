/* SPDX-License-Identifier: MIT */
/* From a passport back to parameters. */
#include <string.h>

#include "run_internal.h"

static int has_word(const char *text, const char *word) {
    size_t length = strlen(word);
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += length)
        if ((at == text || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return 1;
    return 0;
}

static covey_pooling pooling_of(const covey_run_facts *facts) {
    for (int p = COVEY_POOLING_MEAN; covey_pooling_name((covey_pooling)p); ++p)
        if (facts->pooling && !strcmp(facts->pooling, covey_pooling_name((covey_pooling)p)))
            return (covey_pooling)p;
    return COVEY_POOLING_MEAN;
}

/* The passport's "224 bilinear orient icc alpha=white shrink vips-8.14.1 codecs-1a2b3c4d". */
covey_extract_params covey_extract_params_of(const covey_run *run) {
    covey_extract_params params = covey_extract_params_default();
    const covey_run_facts *facts = &run->facts;
    const char *preparation = facts->preparation ? facts->preparation : "";
    const char *engine = facts->engine_id ? facts->engine_id : "";
    params.decode.orient = has_word(preparation, "orient");
    params.decode.icc = has_word(preparation, "icc");
    params.decode.full = has_word(preparation, "full");
    params.decode.crop = has_word(preparation, "256+crop224");
    params.decode.alpha =
        has_word(preparation, "alpha=drop") ? COVEY_ALPHA_DROP : COVEY_ALPHA_WHITE;
    params.decode.thumb = 0;
    if (facts->max_pixels)
        params.decode.max_pixels = facts->max_pixels;
    if (facts->time_limit > 0 && facts->time_limit <= 86400)
        params.decode.time_limit = facts->time_limit;
    params.network.pooling = pooling_of(facts);
    params.network.precision =
        strstr(engine, "-bf16-") ? COVEY_PRECISION_BF16 : COVEY_PRECISION_F32;
    params.duplicates = 0;
    return params;
}
