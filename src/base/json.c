/* SPDX-License-Identifier: MIT */
#include "json_internal.h"

#include "base_internal.h"

/* More than jansson makes of a byte: "[[[" is the worst. */
enum { ROOM_PER_BYTE = 64, ROOM = 1 << 16 };

covey_status covey__json_load(json_t **out, const char *text, size_t size) {
    json_error_t where = {0}; /* jansson leaves its code alone where it fails early */
    size_t room;
    /* jansson 2.14 ignores it when the buffer of its scanner cannot grow, and then writes beyond a
     * string: it is asked to read only where there is memory for whatever it may make of it. */
    void *probe = covey__mul_size(&room, size, ROOM_PER_BYTE) || covey__add_size(&room, room, ROOM)
                      ? NULL
                      : covey__alloc(room);
    if (!probe)
        return COVEY_E_NOMEM;
    covey__free(probe);
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        return json_error_code(&where) == json_error_out_of_memory ? COVEY_E_NOMEM
                                                                   : COVEY_E_FORMAT;
    *out = root;
    return COVEY_OK;
}

static int add_bytes(const char *bytes, size_t size, void *text) {
    covey__text_add_bytes(text, bytes, size);
    return ((covey__text *)text)->failed ? -1 : 0;
}

covey_status covey__json_dump(char **out, const json_t *root, size_t flags) {
    covey__text text = {0};
    /* jansson 2.14 ignores it when a key cannot be written: what is missing is remembered here. */
    if (!root || json_dump_callback(root, add_bytes, &text, flags) || text.failed) {
        covey__text_fini(&text);
        return COVEY_E_NOMEM;
    }
    *out = text.data;
    return COVEY_OK;
}
