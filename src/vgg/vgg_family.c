/* SPDX-License-Identifier: MIT */
/* The VGG family: configurations A, B, D and E of [SimonyanZisserman2015, table 1], which differ in the
 * number of convolutions between their five max-pools alone. That number's sum names the member. */
#include "weights_internal.h"

/* VGG16 first: it is what a file that fits none is compared with. */
const covey__vgg covey__vgg_family[COVEY__VGG_FAMILY] = {
    {"VGG16", 13, {2, 2, 3, 3, 3}},
    {"VGG11", 8, {1, 1, 2, 2, 2}},
    {"VGG13", 10, {2, 2, 2, 2, 2}},
    {"VGG19", 16, {2, 2, 4, 4, 4}},
};

const covey__vgg *covey__vgg_of(int convolutions) {
    for (int i = 0; i < COVEY__VGG_FAMILY; ++i)
        if (covey__vgg_family[i].convolutions == convolutions)
            return &covey__vgg_family[i];
    return NULL;
}

int covey__vgg_block(const covey__vgg *member, int index, int *place) {
    int block = 0;
    while (block < COVEY__VGG_BLOCKS - 1 && index >= member->blocks[block])
        index -= member->blocks[block++];
    *place = index;
    return block;
}

int covey__vgg_is_pooled(const covey__vgg *member, int index) {
    int place, block = covey__vgg_block(member, index, &place);
    return place == member->blocks[block] - 1;
}

int covey__vgg_number(const covey__vgg *member, int index, int normalised) {
    int place, pools = covey__vgg_block(member, index, &place);
    return (normalised ? 3 : 2) * index + pools;
}
