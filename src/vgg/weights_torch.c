/* SPDX-License-Identifier: MIT */
#include "base_internal.h"
#include "weights_pickle_internal.h"

covey_status covey__source_parse_torch_zip(covey__source *source, uint64_t index,
                                           covey_error *err) {
    (void)index;
    return covey__fail(err, COVEY_E_UNSUPPORTED, source->path, "is of a form that this version does not read yet; import an .onnx file");
}
covey_status covey__source_parse_legacy(covey__source *source, covey_error *err) {
    return covey__fail(err, COVEY_E_UNSUPPORTED, source->path, "is of a form that this version does not read yet; import an .onnx file");
}
covey_status covey__source_parse_safetensors(covey__source *source, covey_error *err) {
    return covey__fail(err, COVEY_E_UNSUPPORTED, source->path, "is of a form that this version does not read yet; import an .onnx file");
}
