/* SPDX-License-Identifier: MIT */
/* PyTorch's two forms of .pth (torch/serialization.py describes both).
 *
 * Zip, since 1.6:  NAME/data.pkl            the state dict, its storages by key
 *                  NAME/data/KEY            the numbers of one storage, uncompressed
 *                  NAME/byteorder           "little" or "big"; little where it is missing
 * Before:          pickle: magic number; pickle: protocol 1001; pickle: facts of the machine;
 *                  pickle: the state dict; pickle: list of keys;
 *                  for each key: int64 number of elements, the numbers */
#include <string.h>

#include "base_internal.h"
#include "weights_pickle_internal.h"

enum {
    PICKLE_LIMIT = 16 << 20, /* bytes; a VGG16's state dict has three thousand */
    KEY_LIMIT = 4096,
    VISIT_LIMIT = 1 << 20,
    DEPTH_LIMIT = 3
};

/* Where the numbers of a storage lie; answers 0 where there is no such storage. */
typedef int (*locate_fn)(void *context, const covey__pickle_value *storage, int64_t *entry,
                         uint64_t *offset);

typedef struct walk {
    covey__source *source;
    const covey__pickle *pickle;
    locate_fn locate;
    void *context;
    size_t visits;
} walk;

static int copy_tuple(uint64_t *out, const covey__pickle *p, const covey__pickle_value *tuple) {
    int i = 0;
    for (uint32_t cell = tuple->first; cell; cell = p->cell[cell].next) {
        const covey__pickle_value *item = &p->value[p->cell[cell].value];
        if (i == COVEY__TENSOR_RANK || item->kind != COVEY__PICKLE_INT || item->number < 0)
            return -1;
        out[i++] = (uint64_t)item->number;
    }
    return i;
}

static covey_status add_tensor(walk *w, const covey__pickle_value *value, const char *name,
                               covey_error *err) {
    const covey__pickle *p = w->pickle;
    const covey__pickle_value *storage = &p->value[value->part[0]];
    const covey__storage_type *type = &covey__storage_types[storage->part[0]];
    covey__tensor tensor = {.dtype = type->dtype, .dtype_name = type->dtype_name};
    uint64_t before, width = (uint64_t)type->width;
    tensor.rank = copy_tuple(tensor.shape, p, &p->value[value->part[1]]);
    if (tensor.rank < 0 || copy_tuple(tensor.stride, p, &p->value[value->part[2]]) < 0 ||
        (uint64_t)value->number > storage->elements || storage->elements > INT64_MAX / 32 ||
        (uint64_t)storage->number > INT64_MAX / 32)
        return covey__fail(err, COVEY_E_FORMAT, w->source->path,
                           "holds a tensor %s with an impossible shape or place", name);
    if (!w->locate(w->context, storage, &tensor.entry, &before))
        return covey__fail(err, COVEY_E_FORMAT, w->source->path,
                           "does not hold the numbers of %s; it is damaged, fetch it again", name);
    tensor.offset = before + ((uint64_t)storage->number + (uint64_t)value->number) * width;
    tensor.bytes = (storage->elements - (uint64_t)value->number) * width;
    return covey__source_add(w->source, &tensor, name, strlen(name), err);
}

/* Tensors of a dict and of the dicts in it ({"state_dict": {...}, "epoch": ...}), names joined by
 * dots. A hostile pickle may hold itself: depth and visits are bounded. */
static covey_status walk_dict(walk *w, uint32_t dict, const char *prefix, int depth,
                              covey_error *err) {
    const covey__pickle *p = w->pickle;
    covey_status status = COVEY_OK;
    for (uint32_t cell = p->value[dict].first; status == COVEY_OK && cell;) {
        const covey__pickle_value *key = &p->value[p->cell[cell].value];
        cell = p->cell[cell].next;
        uint32_t index = p->cell[cell].value;
        const covey__pickle_value *value = &p->value[index];
        cell = p->cell[cell].next;
        if (++w->visits > VISIT_LIMIT)
            return covey__fail(err, COVEY_E_LIMIT, w->source->path,
                               "holds more than %d objects; save model.state_dict() alone",
                               VISIT_LIMIT);
        char name[COVEY__TENSOR_NAME];
        if (key->kind != COVEY__PICKLE_TEXT || key->length >= 128 ||
            memchr(key->text, '\0', key->length) ||
            (value->kind != COVEY__PICKLE_TENSOR && value->kind != COVEY__PICKLE_DICT))
            continue;
        int length = snprintf(name, sizeof name, "%s%.*s", prefix, (int)key->length,
                              (const char *)key->text);
        if ((size_t)length + 2 > sizeof name)
            continue;
        if (value->kind == COVEY__PICKLE_TENSOR) {
            status = add_tensor(w, value, name, err);
        } else if (depth < DEPTH_LIMIT) {
            memcpy(name + length, ".", 2);
            status = walk_dict(w, index, name, depth + 1, err);
        }
    }
    return status;
}

static covey_status walk_root(walk *w, covey_error *err) {
    if (w->pickle->value[w->pickle->root].kind != COVEY__PICKLE_DICT)
        return covey__fail(err, COVEY_E_FORMAT, w->source->path,
                           "holds no state dict; save model.state_dict()");
    return walk_dict(w, w->pickle->root, "", 0, err);
}

/* ---- the zip form --------------------------------------------------------------------------- */

typedef struct zip_folder {
    zip_t *zip;
    char prefix[COVEY__TENSOR_NAME]; /* "NAME/" */
} zip_folder;

static int locate_in_zip(void *context, const covey__pickle_value *storage, int64_t *entry,
                         uint64_t *offset) {
    zip_folder *folder = context;
    char name[COVEY__TENSOR_NAME + 80];
    if (storage->length > 64 || memchr(storage->text, '\0', storage->length))
        return 0;
    snprintf(name, sizeof name, "%sdata/%.*s", folder->prefix, (int)storage->length,
             (const char *)storage->text);
    *entry = zip_name_locate(folder->zip, name, ZIP_FL_ENC_RAW);
    *offset = 0;
    return *entry >= 0;
}

static covey_status check_byte_order(covey__source *source, const zip_folder *folder,
                                     covey_error *err) {
    char name[COVEY__TENSOR_NAME + 16];
    unsigned char *text;
    uint64_t size;
    snprintf(name, sizeof name, "%sbyteorder", folder->prefix);
    zip_int64_t index = zip_name_locate(source->zip, name, ZIP_FL_ENC_RAW);
    if (index < 0)
        return COVEY_OK;
    covey_status status =
        covey__zip_read_entry(&text, &size, source, (uint64_t)index, 64, err);
    if (status != COVEY_OK)
        return status;
    if (size != 6 || memcmp(text, "little", 6) != 0)
        status = covey__fail(err, COVEY_E_UNSUPPORTED, source->path,
                             "was saved on a big-endian machine; save it on a little-endian one");
    covey__free(text);
    return status;
}

covey_status covey__source_parse_torch_zip(covey__source *source, uint64_t index,
                                           covey_error *err) {
    covey_status status = COVEY_OK;
    unsigned char *data = NULL;
    uint64_t size;
    covey__pickle pickle = {0};
    zip_folder folder = {.zip = source->zip};
    const char *name = zip_get_name(source->zip, index, ZIP_FL_ENC_RAW);
    size_t length = strlen(name) - strlen("data.pkl");
    COVEY_FAIL_IF(length >= sizeof folder.prefix, err, COVEY_E_LIMIT, source->path,
                  "holds a name of %zu bytes", length);
    memcpy(folder.prefix, name, length);
    COVEY_TRY(check_byte_order(source, &folder, err));
    COVEY_TRY(covey__zip_read_entry(&data, &size, source, index, PICKLE_LIMIT, err));
    COVEY_TRY(covey__pickle_parse(&pickle, data, (size_t)size, source->path, err));
    walk w = {
        .source = source, .pickle = &pickle, .locate = locate_in_zip, .context = &folder};
    COVEY_TRY(walk_root(&w, err));
done:
    covey__pickle_fini(&pickle);
    covey__free(data);
    return status;
}

/* ---- the older form ------------------------------------------------------------------------- */

typedef struct placed_storage {
    const unsigned char *key;
    size_t length;
    uint64_t offset;
} placed_storage;

typedef struct placed_storages {
    placed_storage *item;
    size_t count;
} placed_storages;

static int locate_in_file(void *context, const covey__pickle_value *storage, int64_t *entry,
                          uint64_t *offset) {
    const placed_storages *all = context;
    for (size_t i = 0; i < all->count; ++i)
        if (all->item[i].length == storage->length &&
            memcmp(all->item[i].key, storage->text, storage->length) == 0) {
            *entry = -1;
            *offset = all->item[i].offset;
            return 1;
        }
    return 0;
}

static int width_of_key(const covey__pickle *p, const covey__pickle_value *key) {
    for (size_t i = 0; i < p->values; ++i) {
        const covey__pickle_value *value = &p->value[i];
        if (value->kind == COVEY__PICKLE_STORAGE && value->length == key->length &&
            memcmp(value->text, key->text, key->length) == 0)
            return covey__storage_types[value->part[0]].width;
    }
    return 0;
}

/* Walks over the numbers, which begin at `at`, in the order of the list of keys. */
static covey_status place_storages(placed_storages *all, covey__source *source,
                                   const covey__pickle *state, const covey__pickle *keys,
                                   uint64_t at, covey_error *err) {
    covey_status status = COVEY_OK;
    const covey__pickle_value *list = &keys->value[keys->root];
    COVEY_FAIL_IF(list->kind != COVEY__PICKLE_LIST, err, COVEY_E_FORMAT, source->path,
                  "is not a PyTorch file, or is damaged; fetch or save it again");
    COVEY_FAIL_IF(list->count > KEY_LIMIT || state->values / 64 > KEY_LIMIT, err, COVEY_E_LIMIT,
                  source->path, "holds %u tensors; it is not a VGG16", list->count);
    all->item = covey__calloc(list->count ? list->count : 1, sizeof *all->item);
    COVEY_NOMEM_IF(!all->item, err);
    for (uint32_t cell = list->first; cell; cell = keys->cell[cell].next) {
        const covey__pickle_value *key = &keys->value[keys->cell[cell].value];
        unsigned char number[8];
        uint64_t elements = 0, bytes;
        int width = key->kind == COVEY__PICKLE_TEXT ? width_of_key(state, key) : 0;
        COVEY_FAIL_IF(width == 0, err, COVEY_E_FORMAT, source->path,
                      "holds numbers that no tensor owns; it is damaged, fetch it again");
        COVEY_TRY(covey__source_read(source, number, at, sizeof number, err));
        for (int i = 7; i >= 0; --i)
            elements = elements << 8 | number[i];
        COVEY_FAIL_IF(__builtin_mul_overflow(elements, (uint64_t)width, &bytes) ||
                          bytes > source->size - at - 8,
                      err, COVEY_E_FORMAT, source->path,
                      "ends too early; it is truncated, fetch it again");
        all->item[all->count++] = (placed_storage){key->text, key->length, at + 8};
        at += 8 + bytes;
    }
done:
    return status;
}

static covey_status check_magic(const covey__pickle *pickle, const char *path, covey_error *err) {
    static const unsigned char magic[10] = {0x6C, 0xFC, 0x9C, 0x46, 0xF9,
                                            0x20, 0x6A, 0xA8, 0x50, 0x19};
    const covey__pickle_value *root = &pickle->value[pickle->root];
    if (root->kind != COVEY__PICKLE_BIG || root->length != sizeof magic ||
        memcmp(root->text, magic, sizeof magic) != 0)
        return covey__fail(err, COVEY_E_FORMAT, path,
                           "is a Python pickle but not of PyTorch; save the weights with "
                           "torch.save(model.state_dict(), path)");
    return COVEY_OK;
}

static covey_status check_version(const covey__pickle *pickle, const char *path,
                                  covey_error *err) {
    const covey__pickle_value *root = &pickle->value[pickle->root];
    if (root->kind != COVEY__PICKLE_INT || root->number != 1001)
        return covey__fail(err, COVEY_E_UNSUPPORTED, path,
                           "is of a version of PyTorch's form that is not known; save it with a "
                           "newer PyTorch");
    return COVEY_OK;
}

static covey_status check_machine(const covey__pickle *p, const char *path, covey_error *err) {
    for (uint32_t cell = p->value[p->root].first; cell;) {
        const covey__pickle_value *key = &p->value[p->cell[cell].value];
        cell = p->cell[cell].next;
        const covey__pickle_value *value = cell ? &p->value[p->cell[cell].value] : key;
        cell = cell ? p->cell[cell].next : 0;
        if (covey__pickle_is(key, "little_endian") && value->kind == COVEY__PICKLE_BOOL &&
            !value->number)
            return covey__fail(err, COVEY_E_UNSUPPORTED, path,
                               "was saved on a big-endian machine; save it on a little-endian one");
    }
    return COVEY_OK;
}

covey_status covey__source_parse_legacy(covey__source *source, covey_error *err) {
    covey_status status = COVEY_OK;
    covey__pickle pickle[5] = {{0}};
    static covey_status (*const check[5])(const covey__pickle *, const char *, covey_error *) = {
        check_magic, check_version, check_machine};
    placed_storages all = {0};
    size_t size = source->size < PICKLE_LIMIT ? (size_t)source->size : PICKLE_LIMIT, at = 0;
    unsigned char *data = covey__alloc(size);
    COVEY_NOMEM_IF(!data, err);
    COVEY_TRY(covey__source_read(source, data, 0, size, err));
    for (int i = 0; i < 5; ++i) {
        COVEY_TRY(covey__pickle_parse(&pickle[i], data + at, size - at, source->path, err));
        at += pickle[i].at;
        if (check[i])
            COVEY_TRY(check[i](&pickle[i], source->path, err));
    }
    COVEY_TRY(place_storages(&all, source, &pickle[3], &pickle[4], at, err));
    walk w = {
        .source = source, .pickle = &pickle[3], .locate = locate_in_file, .context = &all};
    COVEY_TRY(walk_root(&w, err));
done:
    for (int i = 0; i < 5; ++i)
        covey__pickle_fini(&pickle[i]);
    covey__free(all.item);
    covey__free(data);
    return status;
}
