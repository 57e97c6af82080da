/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "weights_pickle_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    covey__pickle pickle;
    covey_error err;
    if (covey__pickle_parse(&pickle, data, size, "fuzz", &err) == COVEY_OK &&
        (pickle.at > size || pickle.root >= pickle.values))
        abort();
    covey__pickle_fini(&pickle);
    return 0;
}
