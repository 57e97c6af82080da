/* SPDX-License-Identifier: MIT */
/* The stack machine of Python's pickle (protocols 2 to 5; pickletools.py documents each
 * instruction), reduced to what builds a state dict. */
#include "weights_pickle_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base_internal.h"

/* A state dict of VGG16 needs some hundreds; a hostile file must not take the machine's memory. */
enum { VALUE_LIMIT = 1 << 20, CELL_LIMIT = 1 << 21 };

/* Globals that are not storage types. */
enum { ORDERED_DICT, REBUILD_TENSOR, REBUILD_TENSOR_V2, REBUILD_PARAMETER, PARAMETER, STORAGES };

static const char *const functions[STORAGES][2] = {
    [ORDERED_DICT] = {"collections", "OrderedDict"},
    [REBUILD_TENSOR] = {"torch._utils", "_rebuild_tensor"},
    [REBUILD_TENSOR_V2] = {"torch._utils", "_rebuild_tensor_v2"},
    [REBUILD_PARAMETER] = {"torch._utils", "_rebuild_parameter"},
    [PARAMETER] = {"torch.nn.parameter", "Parameter"},
};

const covey__storage_type covey__storage_types[] = {
    {"FloatStorage", COVEY__DTYPE_F32, "float32", 4},
    {"DoubleStorage", COVEY__DTYPE_F64, "float64", 8},
    {"HalfStorage", COVEY__DTYPE_F16, "float16", 2},
    {"BFloat16Storage", COVEY__DTYPE_BF16, "bfloat16", 2},
    {"LongStorage", COVEY__DTYPE_OTHER, "int64", 8},
    {"IntStorage", COVEY__DTYPE_OTHER, "int32", 4},
    {"ShortStorage", COVEY__DTYPE_OTHER, "int16", 2},
    {"CharStorage", COVEY__DTYPE_OTHER, "int8", 1},
    {"ByteStorage", COVEY__DTYPE_OTHER, "uint8", 1},
    {"BoolStorage", COVEY__DTYPE_OTHER, "bool", 1},
    {"ComplexFloatStorage", COVEY__DTYPE_OTHER, "complex64", 8},
    {"ComplexDoubleStorage", COVEY__DTYPE_OTHER, "complex128", 16},
    {NULL, COVEY__DTYPE_OTHER, NULL, 0}};

static covey_status broken(const covey__pickle *p, covey_error *err) {
    return covey__fail(err, COVEY_E_FORMAT, p->path,
                       "holds a damaged or truncated pickle (at byte %zu of it); fetch or save the "
                       "file again",
                       p->at);
}

/* ---- growing ------------------------------------------------------------------------------- */

static covey_status grow(void **array, size_t *capacity, size_t used, size_t width, size_t limit,
                         const covey__pickle *p, covey_error *err) {
    if (used < *capacity)
        return COVEY_OK;
    if (used >= limit)
        return covey__fail(err, COVEY_E_LIMIT, p->path,
                           "holds a pickle of more than %zu objects; save model.state_dict() alone",
                           limit);
    size_t more = *capacity ? 2 * *capacity : 64;
    void *grown = covey__realloc(*array, used * width, more * width);
    if (!grown)
        return covey__fail(err, COVEY_E_NOMEM, p->path, "memory ran out");
    *array = grown;
    *capacity = more;
    return COVEY_OK;
}

static covey_status push(covey__pickle *p, uint32_t index, covey_error *err) {
    covey_status status = grow((void **)&p->stack, &p->stack_capacity, p->stacked,
                               sizeof *p->stack, VALUE_LIMIT, p, err);
    if (status == COVEY_OK)
        p->stack[p->stacked++] = index;
    return status;
}

static covey_status new_value(covey__pickle *p, covey__pickle_value value, uint32_t *index,
                              covey_error *err) {
    covey_status status = grow((void **)&p->value, &p->value_capacity, p->values,
                               sizeof *p->value, VALUE_LIMIT, p, err);
    if (status == COVEY_OK) {
        *index = (uint32_t)p->values;
        p->value[p->values++] = value;
    }
    return status;
}

static covey_status push_new(covey__pickle *p, covey__pickle_value value, covey_error *err) {
    uint32_t index;
    covey_status status = new_value(p, value, &index, err);
    return status == COVEY_OK ? push(p, index, err) : status;
}

static covey_status append(covey__pickle *p, uint32_t container, uint32_t item,
                           covey_error *err) {
    if (p->cells == 0)
        p->cells = 1; /* cell 0 means none */
    covey_status status = grow((void **)&p->cell, &p->cell_capacity, p->cells, sizeof *p->cell,
                               CELL_LIMIT, p, err);
    if (status != COVEY_OK)
        return status;
    uint32_t index = (uint32_t)p->cells++;
    p->cell[index] = (covey__pickle_cell){item, 0};
    covey__pickle_value *into = &p->value[container];
    if (into->last)
        p->cell[into->last].next = index;
    else
        into->first = index;
    into->last = index;
    return COVEY_OK;
}

/* ---- reading bytes -------------------------------------------------------------------------- */

static covey_status take(covey__pickle *p, size_t n, const unsigned char **bytes,
                         covey_error *err) {
    if (n > p->size - p->at)
        return broken(p, err);
    *bytes = p->data + p->at;
    p->at += n;
    return COVEY_OK;
}

static covey_status take_number(covey__pickle *p, int width, uint64_t *out, covey_error *err) {
    const unsigned char *bytes = NULL;
    covey_status status = take(p, (size_t)width, &bytes, err);
    if (status != COVEY_OK)
        return status;
    *out = 0;
    for (int i = width - 1; i >= 0; --i)
        *out = *out << 8 | bytes[i];
    return COVEY_OK;
}

static covey_status take_line(covey__pickle *p, const unsigned char **line, size_t *length,
                              covey_error *err) {
    const unsigned char *start = p->data + p->at;
    const unsigned char *end = memchr(start, '\n', p->size - p->at);
    if (!end)
        return broken(p, err);
    *line = start;
    *length = (size_t)(end - start);
    p->at += *length + 1;
    return COVEY_OK;
}

/* ---- the stack ------------------------------------------------------------------------------- */

/* Values above the last mark; nothing below a mark can be popped but by taking the mark. */
static size_t available(const covey__pickle *p) {
    return p->stacked - (p->marks ? p->mark[p->marks - 1] : 0);
}

static covey_status pop(covey__pickle *p, uint32_t *index, covey_error *err) {
    if (available(p) == 0)
        return broken(p, err);
    *index = p->stack[--p->stacked];
    return COVEY_OK;
}

/* Moves everything above the last mark, or the top `count` values, into a new or an existing
 * container. */
static covey_status gather(covey__pickle *p, size_t from, uint32_t container, covey_error *err) {
    for (size_t i = from; i < p->stacked; ++i) {
        covey_status status = append(p, container, p->stack[i], err);
        if (status != COVEY_OK)
            return status;
    }
    size_t added = p->stacked - from;
    covey__pickle_value *into = &p->value[container];
    into->count += (uint32_t)(into->kind == COVEY__PICKLE_DICT ? added / 2 : added);
    p->stacked = from;
    return COVEY_OK;
}

static covey_status take_mark(covey__pickle *p, size_t *from, covey_error *err) {
    if (p->marks == 0)
        return broken(p, err);
    *from = p->mark[--p->marks];
    return COVEY_OK;
}

static covey_status make_container(covey__pickle *p, covey__pickle_kind kind, size_t from,
                                   covey_error *err) {
    uint32_t index;
    if (kind == COVEY__PICKLE_DICT && (p->stacked - from) % 2)
        return broken(p, err);
    covey_status status = new_value(p, (covey__pickle_value){.kind = kind}, &index, err);
    if (status == COVEY_OK)
        status = gather(p, from, index, err);
    return status == COVEY_OK ? push(p, index, err) : status;
}

/* SETITEM(S), APPEND(S): the container lies just below `from`. */
static covey_status extend(covey__pickle *p, covey__pickle_kind kind, size_t from,
                           covey_error *err) {
    size_t floor = p->marks ? p->mark[p->marks - 1] : 0;
    if (from <= floor || p->value[p->stack[from - 1]].kind != kind ||
        (kind == COVEY__PICKLE_DICT && (p->stacked - from) % 2))
        return broken(p, err);
    return gather(p, from, p->stack[from - 1], err);
}

/* ---- globals and what they make ----------------------------------------------------------- */

int covey__pickle_is(const covey__pickle_value *value, const char *word) {
    return value->kind == COVEY__PICKLE_TEXT && value->length == strlen(word) &&
           memcmp(value->text, word, value->length) == 0;
}

static int same(const unsigned char *text, size_t length, const char *word) {
    return length == strlen(word) && memcmp(text, word, length) == 0;
}

static covey_status push_global(covey__pickle *p, const unsigned char *module, size_t module_length,
                                const unsigned char *name, size_t name_length, covey_error *err) {
    covey__pickle_value value = {.kind = COVEY__PICKLE_GLOBAL, .number = -1};
    for (int i = 0; i < STORAGES; ++i)
        if (same(module, module_length, functions[i][0]) &&
            same(name, name_length, functions[i][1]))
            value.number = i;
    if (same(module, module_length, "torch"))
        for (int i = 0; covey__storage_types[i].name; ++i)
            if (same(name, name_length, covey__storage_types[i].name))
                value.number = STORAGES + i;
    if (value.number < 0)
        return covey__fail(err, COVEY_E_UNSUPPORTED, p->path,
                           "asks Python to import %.*s.%.*s, which a state dict does not need and "
                           "Covey never runs; save model.state_dict() alone",
                           (int)(module_length < 100 ? module_length : 100), (const char *)module,
                           (int)(name_length < 100 ? name_length : 100), (const char *)name);
    return push_new(p, value, err);
}

static covey_status global(covey__pickle *p, covey_error *err) {
    const unsigned char *module = NULL, *name = NULL;
    size_t module_length = 0, name_length = 0;
    covey_status status = take_line(p, &module, &module_length, err);
    if (status == COVEY_OK)
        status = take_line(p, &name, &name_length, err);
    return status == COVEY_OK
               ? push_global(p, module, module_length, name, name_length, err)
               : status;
}

static covey_status stack_global(covey__pickle *p, covey_error *err) {
    covey_status status = COVEY_OK;
    uint32_t name, module;
    COVEY_TRY(pop(p, &name, err));
    COVEY_TRY(pop(p, &module, err));
    const covey__pickle_value *n = &p->value[name], *m = &p->value[module];
    if (n->kind != COVEY__PICKLE_TEXT || m->kind != COVEY__PICKLE_TEXT)
        status = broken(p, err);
    else
        status = push_global(p, m->text, m->length, n->text, n->length, err);
done:
    return status;
}

/* Item i of a tuple, or NULL. Tuples of interest have at most seven. */
static const covey__pickle_value *item(const covey__pickle *p, const covey__pickle_value *tuple,
                                       uint32_t i, uint32_t *index) {
    if (tuple->kind != COVEY__PICKLE_TUPLE || i >= tuple->count)
        return NULL;
    uint32_t cell = tuple->first;
    while (i--)
        cell = p->cell[cell].next;
    if (index)
        *index = p->cell[cell].value;
    return &p->value[p->cell[cell].value];
}

/* _rebuild_tensor(storage, offset, size, stride), _v2 with three more that do not matter. */
static covey_status rebuild_tensor(covey__pickle *p, const covey__pickle_value *arguments,
                                   covey_error *err) {
    covey__pickle_value tensor = {.kind = COVEY__PICKLE_TENSOR};
    const covey__pickle_value *storage = item(p, arguments, 0, &tensor.part[0]);
    const covey__pickle_value *offset = item(p, arguments, 1, NULL);
    const covey__pickle_value *size = item(p, arguments, 2, &tensor.part[1]);
    const covey__pickle_value *stride = item(p, arguments, 3, &tensor.part[2]);
    if (!stride || storage->kind != COVEY__PICKLE_STORAGE || offset->kind != COVEY__PICKLE_INT ||
        offset->number < 0 || size->kind != COVEY__PICKLE_TUPLE ||
        stride->kind != COVEY__PICKLE_TUPLE || size->count != stride->count)
        return broken(p, err);
    tensor.number = offset->number;
    return push_new(p, tensor, err);
}

/* OrderedDict() or OrderedDict([[key, value], ...]), as Python 2 wrote it. */
static covey_status ordered_dict(covey__pickle *p, const covey__pickle_value *arguments,
                                 covey_error *err) {
    uint32_t dict;
    const covey__pickle_value *pairs = item(p, arguments, 0, NULL);
    if (arguments->count > 1 || (pairs && pairs->kind != COVEY__PICKLE_LIST))
        return broken(p, err);
    uint32_t cell = pairs ? pairs->first : 0;
    covey_status status = new_value(p, (covey__pickle_value){.kind = COVEY__PICKLE_DICT}, &dict,
                                    err);
    for (; status == COVEY_OK && cell; cell = p->cell[cell].next) {
        const covey__pickle_value *pair = &p->value[p->cell[cell].value];
        int sound = (pair->kind == COVEY__PICKLE_LIST || pair->kind == COVEY__PICKLE_TUPLE) &&
                    pair->count == 2;
        if (!sound)
            return broken(p, err);
        uint32_t key = p->cell[pair->first].value, value = p->cell[pair->last].value;
        status = append(p, dict, key, err);
        if (status == COVEY_OK)
            status = append(p, dict, value, err);
        if (status == COVEY_OK)
            ++p->value[dict].count;
    }
    return status == COVEY_OK ? push(p, dict, err) : status;
}

static covey_status reduce(covey__pickle *p, covey_error *err) {
    covey_status status = COVEY_OK;
    uint32_t arguments, callable, data;
    COVEY_TRY(pop(p, &arguments, err));
    COVEY_TRY(pop(p, &callable, err));
    const covey__pickle_value *tuple = &p->value[arguments];
    if (p->value[callable].kind != COVEY__PICKLE_GLOBAL || tuple->kind != COVEY__PICKLE_TUPLE)
        return broken(p, err);
    switch (p->value[callable].number) {
    case ORDERED_DICT:
        return ordered_dict(p, tuple, err);
    case REBUILD_TENSOR:
    case REBUILD_TENSOR_V2:
        return rebuild_tensor(p, tuple, err);
    case REBUILD_PARAMETER:
    case PARAMETER:
        if (item(p, tuple, 0, &data) && p->value[data].kind == COVEY__PICKLE_TENSOR)
            return push(p, data, err);
        break;
    default:
        break;
    }
    status = broken(p, err);
done:
    return status;
}

/* The storage behind ("storage", type, key, location, elements[, view]), where view is None or
 * (key, offset, elements) into the storage of `key`. */
static covey_status persistent_id(covey__pickle *p, covey_error *err) {
    uint32_t id;
    covey_status status = pop(p, &id, err);
    if (status != COVEY_OK)
        return status;
    const covey__pickle_value *tuple = &p->value[id];
    const covey__pickle_value *what = item(p, tuple, 0, NULL), *type = item(p, tuple, 1, NULL),
                              *key = item(p, tuple, 2, NULL), *count = item(p, tuple, 4, NULL),
                              *view = item(p, tuple, 5, NULL);
    if (!what || !covey__pickle_is(what, "storage"))
        return covey__fail(err, COVEY_E_UNSUPPORTED, p->path,
                           "holds a whole model instead of a state dict; save model.state_dict()");
    if (!count || type->kind != COVEY__PICKLE_GLOBAL || type->number < STORAGES ||
        key->kind != COVEY__PICKLE_TEXT || count->kind != COVEY__PICKLE_INT || count->number < 0)
        return broken(p, err);
    covey__pickle_value storage = {.kind = COVEY__PICKLE_STORAGE,
                                   .text = key->text,
                                   .length = key->length,
                                   .part = {(uint32_t)(type->number - STORAGES)},
                                   .elements = (uint64_t)count->number};
    if (view && view->kind != COVEY__PICKLE_NONE) {
        const covey__pickle_value *offset = item(p, view, 1, NULL), *size = item(p, view, 2, NULL);
        if (!size || offset->kind != COVEY__PICKLE_INT || size->kind != COVEY__PICKLE_INT ||
            offset->number < 0 || size->number < 0 || offset->number > count->number ||
            size->number > count->number - offset->number)
            return broken(p, err);
        storage.number = offset->number;
        storage.elements = (uint64_t)size->number;
    }
    return push_new(p, storage, err);
}

/* ---- the instructions, by family; *known says whether it was one of them ------------------ */

static covey_status push_integer(covey__pickle *p, int64_t number, covey_error *err) {
    return push_new(p, (covey__pickle_value){.kind = COVEY__PICKLE_INT, .number = number}, err);
}

static covey_status push_long(covey__pickle *p, uint64_t length, covey_error *err) {
    const unsigned char *bytes = NULL;
    covey_status status = take(p, (size_t)length, &bytes, err);
    if (status != COVEY_OK)
        return status;
    if (length > 8)
        return push_new(p,
                        (covey__pickle_value){
                            .kind = COVEY__PICKLE_BIG, .text = bytes, .length = (size_t)length},
                        err);
    uint64_t number = length && bytes[length - 1] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = (size_t)length; i-- > 0;)
        number = number << 8 | bytes[i];
    return push_integer(p, (int64_t)number, err);
}

static covey_status scalar(covey__pickle *p, unsigned char code, int *known, covey_error *err) {
    covey_status status = COVEY_OK;
    uint64_t number = 0;
    switch (code) {
    case 'N':
        return push_new(p, (covey__pickle_value){.kind = COVEY__PICKLE_NONE}, err);
    case 0x88:
    case 0x89:
        return push_new(
            p, (covey__pickle_value){.kind = COVEY__PICKLE_BOOL, .number = code == 0x88}, err);
    case 'J': /* BININT */
        COVEY_TRY(take_number(p, 4, &number, err));
        return push_integer(p, (int32_t)(uint32_t)number, err);
    case 'K': /* BININT1 */
    case 'M': /* BININT2 */
        COVEY_TRY(take_number(p, code == 'K' ? 1 : 2, &number, err));
        return push_integer(p, (int64_t)number, err);
    case 0x8A: /* LONG1 */
    case 0x8B: /* LONG4 */
        COVEY_TRY(take_number(p, code == 0x8A ? 1 : 4, &number, err));
        return push_long(p, number, err);
    case 'G': /* BINFLOAT: never needed, only stepped over */
        COVEY_TRY(take_number(p, 8, &number, err));
        return push_new(p, (covey__pickle_value){.kind = COVEY__PICKLE_FLOAT}, err);
    default:
        *known = 0;
    }
done:
    return status;
}

static covey_status text(covey__pickle *p, unsigned char code, int *known, covey_error *err) {
    int width;
    switch (code) {
    case 'U':  /* SHORT_BINSTRING */
    case 'C':  /* SHORT_BINBYTES */
    case 0x8C: /* SHORT_BINUNICODE */
        width = 1;
        break;
    case 'T': /* BINSTRING */
    case 'X': /* BINUNICODE */
    case 'B': /* BINBYTES */
        width = 4;
        break;
    case 0x8D: /* BINUNICODE8 */
    case 0x8E: /* BINBYTES8 */
        width = 8;
        break;
    default:
        *known = 0;
        return COVEY_OK;
    }
    uint64_t length = 0;
    const unsigned char *bytes = NULL;
    covey_status status = take_number(p, width, &length, err);
    if (status == COVEY_OK && length > SIZE_MAX / 2)
        return broken(p, err);
    if (status == COVEY_OK)
        status = take(p, (size_t)length, &bytes, err);
    if (status != COVEY_OK)
        return status;
    return push_new(
        p,
        (covey__pickle_value){.kind = COVEY__PICKLE_TEXT, .text = bytes, .length = (size_t)length},
        err);
}

static covey_status container(covey__pickle *p, unsigned char code, int *known,
                              covey_error *err) {
    covey_status status = COVEY_OK;
    size_t from = p->stacked, few = code == 's' || code == 0x86 ? 2 : code == 0x87 ? 3 : 1;
    switch (code) {
    case '(':
        COVEY_TRY(grow((void **)&p->mark, &p->mark_capacity, p->marks, sizeof *p->mark,
                       VALUE_LIMIT, p, err));
        p->mark[p->marks++] = (uint32_t)p->stacked;
        return COVEY_OK;
    case ')':
        return make_container(p, COVEY__PICKLE_TUPLE, from, err);
    case ']':
        return make_container(p, COVEY__PICKLE_LIST, from, err);
    case '}':
        return make_container(p, COVEY__PICKLE_DICT, from, err);
    case 't':
    case 'l':
    case 'd':
        COVEY_TRY(take_mark(p, &from, err));
        return make_container(p,
                              code == 't'   ? COVEY__PICKLE_TUPLE
                              : code == 'l' ? COVEY__PICKLE_LIST
                                            : COVEY__PICKLE_DICT,
                              from, err);
    case 0x85: /* TUPLE1 .. TUPLE3 */
    case 0x86:
    case 0x87:
    case 'a': /* APPEND */
    case 's': /* SETITEM */
        if (available(p) < few)
            return broken(p, err);
        from = p->stacked - few;
        if (code >= 0x85)
            return make_container(p, COVEY__PICKLE_TUPLE, from, err);
        return extend(p, code == 'a' ? COVEY__PICKLE_LIST : COVEY__PICKLE_DICT, from, err);
    case 'e': /* APPENDS */
    case 'u': /* SETITEMS */
        COVEY_TRY(take_mark(p, &from, err));
        return extend(p, code == 'e' ? COVEY__PICKLE_LIST : COVEY__PICKLE_DICT, from, err);
    default:
        *known = 0;
    }
done:
    return status;
}

static covey_status memo_put(covey__pickle *p, uint64_t slot, covey_error *err) {
    if (available(p) == 0)
        return broken(p, err);
    if (slot >= VALUE_LIMIT)
        return covey__fail(err, COVEY_E_LIMIT, p->path,
                           "holds a pickle of more than %d objects; save model.state_dict() alone",
                           VALUE_LIMIT);
    if (slot >= p->memo_capacity) {
        size_t more = p->memo_capacity ? p->memo_capacity : 64;
        while (more <= slot)
            more *= 2;
        uint32_t *grown = covey__realloc(p->memo, p->memo_capacity * sizeof *grown,
                                         more * sizeof *grown);
        if (!grown)
            return covey__fail(err, COVEY_E_NOMEM, p->path, "memory ran out");
        memset(grown + p->memo_capacity, 0, (more - p->memo_capacity) * sizeof *grown);
        p->memo = grown;
        p->memo_capacity = more;
    }
    p->memos += p->memo[slot] == 0;
    p->memo[slot] = p->stack[p->stacked - 1] + 1;
    return COVEY_OK;
}

static covey_status memory(covey__pickle *p, unsigned char code, int *known, covey_error *err) {
    covey_status status = COVEY_OK;
    uint64_t slot;
    switch (code) {
    case 'q': /* BINPUT */
    case 'r': /* LONG_BINPUT */
        COVEY_TRY(take_number(p, code == 'q' ? 1 : 4, &slot, err));
        return memo_put(p, slot, err);
    case 0x94: /* MEMOIZE */
        return memo_put(p, p->memos, err);
    case 'h': /* BINGET */
    case 'j': /* LONG_BINGET */
        COVEY_TRY(take_number(p, code == 'h' ? 1 : 4, &slot, err));
        if (slot >= p->memo_capacity || !p->memo[slot])
            return broken(p, err);
        return push(p, p->memo[slot] - 1, err);
    default:
        *known = 0;
    }
done:
    return status;
}

static covey_status object(covey__pickle *p, unsigned char code, int *known, covey_error *err) {
    covey_status status = COVEY_OK;
    uint64_t number;
    uint32_t ignored;
    switch (code) {
    case 0x80: /* PROTO */
        COVEY_TRY(take_number(p, 1, &number, err));
        return number >= 2 && number <= 5 ? COVEY_OK : broken(p, err);
    case 0x95: /* FRAME */
        return take_number(p, 8, &number, err);
    case 'c':
        return global(p, err);
    case 'i': /* INST: the name is worth saying, the instruction is never needed */
        COVEY_TRY(global(p, err));
        *known = 0;
        return COVEY_OK;
    case 0x93:
        return stack_global(p, err);
    case 'R':
        return reduce(p, err);
    case 'Q':
        return persistent_id(p, err);
    case 'b': /* BUILD: attributes such as a state dict's _metadata, not needed */
        COVEY_TRY(pop(p, &ignored, err));
        return available(p) && p->value[p->stack[p->stacked - 1]].kind == COVEY__PICKLE_DICT
                   ? COVEY_OK
                   : broken(p, err);
    default:
        *known = 0;
    }
done:
    return status;
}

covey_status covey__pickle_parse(covey__pickle *p, const unsigned char *data, size_t size,
                                 const char *path, covey_error *err) {
    static covey_status (*const families[])(covey__pickle *, unsigned char, int *,
                                            covey_error *) = {scalar, text, container, memory,
                                                              object};
    *p = (covey__pickle){.path = path, .data = data, .size = size};
    for (;;) {
        if (p->at >= size)
            return broken(p, err);
        unsigned char code = data[p->at++];
        if (code == '.') {
            if (p->marks || p->stacked != 1)
                return broken(p, err);
            p->root = p->stack[0];
            return COVEY_OK;
        }
        int known = 0;
        for (size_t i = 0; !known && i < sizeof families / sizeof *families; ++i) {
            known = 1;
            covey_status status = families[i](p, code, &known, err);
            if (status != COVEY_OK)
                return status;
        }
        if (!known)
            return covey__fail(err, COVEY_E_UNSUPPORTED, path,
                               "holds a pickle with the instruction 0x%02x, which a state dict "
                               "does not need; save model.state_dict() alone",
                               code);
    }
}

void covey__pickle_fini(covey__pickle *p) {
    covey__free(p->value);
    covey__free(p->cell);
    covey__free(p->stack);
    covey__free(p->mark);
    covey__free(p->memo);
    *p = (covey__pickle){0};
}
