/* SPDX-License-Identifier: MIT */
/* The stored file of a set of weights.
 *
 *     0      header: magic, version, byte order, sizes, colour, digest, table of the tensors,
 *            SHA-256 of these 4096 bytes with that field zero; the table has a row for each tensor
 *            of the member, the checksum comes after it. Version 1 is VGG16, 2 the others
 *     4096   conv1_1 weight [out][in][3][3], bias [out], conv1_2 weight, ... conv5_3 bias:
 *            float32, each at a multiple of 64, without gaps (channels are multiples of 16)
 *
 * The header's checksum covers the header and the digest covers everything else, so no byte of the
 * file goes unchecked. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_internal.h"
#include "weights_internal.h"

enum { HEADER_SIZE = 4096, VERSION_VGG16 = 1, VERSION = 2, BYTE_ORDER_MARK = 0x01020304, ALIGNMENT = 64 };

static const char magic[8] = {'C', 'o', 'v', 'e', 'y', 'W', 'T', '\n'};

typedef struct tensor_row {
    uint64_t offset; /* from the beginning of the file */
    uint64_t bytes;
    uint32_t shape[4]; /* a bias: [out], then ones */
} tensor_row;

typedef struct store_header {
    char magic[8];
    uint32_t version;
    uint32_t byte_order;
    uint64_t file_size;
    uint32_t header_size;
    uint32_t tensors;
    float mean[3];
    float std[3];
    uint8_t digest[32];
    tensor_row row[COVEY__WEIGHTS_TENSORS_MAX]; /* as many as there are tensors */
} store_header;

enum { CHECKSUM_SIZE = 32 };

_Static_assert(sizeof(store_header) == 88 + 32 * COVEY__WEIGHTS_TENSORS_MAX,
               "the stored header has no padding of the compiler's");
_Static_assert(sizeof(store_header) + CHECKSUM_SIZE <= HEADER_SIZE, "the stored header fits");

/* Bytes of the header before its checksum. */
static size_t header_bytes(uint32_t tensors) {
    return offsetof(store_header, row) + tensors * sizeof(tensor_row);
}

covey_status covey__weights_check_name(const char *name, covey_error *err) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._-";
    size_t length = strlen(name);
    if (length == 0 || length >= COVEY__WEIGHTS_NAME || strspn(name, allowed) != length ||
        name[0] == '.' || name[0] == '-')
        return covey__fail(err, COVEY_E_ARGUMENT, NULL,
                           "\"%.80s\" cannot name a set of weights; use letters, digits, dots, "
                           "dashes and underscores, at most %d",
                           name, COVEY__WEIGHTS_NAME - 1);
    return COVEY_OK;
}

covey_status covey__weights_folder(char **out, covey_error *err) {
    const char *own = getenv("COVEY_HOME");
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    char *folder;
    if (own && *own)
        folder = covey__strdup(own);
    else if (data && *data == '/') /* the specification says to ignore relative ones */
        folder = covey__path_join(data, "covey");
    else if (home && *home)
        folder = covey__path_join(home, ".local/share/covey");
    else
        return covey__fail(err, COVEY_E_NOT_FOUND, NULL,
                           "there is no home folder to keep the weights in; set COVEY_HOME");
    if (!folder)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out");
    *out = folder;
    return COVEY_OK;
}

covey_status covey__weights_path(char **out, const char *name, covey_error *err) {
    covey_status status = COVEY_OK;
    char *folder = NULL, *path = NULL, file[COVEY__WEIGHTS_NAME + 16];
    COVEY_TRY(covey__weights_check_name(name, err));
    COVEY_TRY(covey__weights_folder(&folder, err));
    snprintf(file, sizeof file, "%s.weights", name);
    path = covey__path_join(folder, file);
    COVEY_NOMEM_IF(!path, err);
    *out = path;
done:
    covey__free(folder);
    return status;
}

static size_t input_channels(int convolution, const int *channels) {
    return convolution ? (size_t)channels[convolution - 1] : 3;
}

size_t covey__weights_tensor_count(int tensor, const int *channels) {
    size_t out = (size_t)channels[tensor / 2];
    return tensor % 2 ? out : out * input_channels(tensor / 2, channels) * 9;
}

covey_status covey__weights_image_new(unsigned char **image, size_t *size,
                                      float *tensor[COVEY__WEIGHTS_TENSORS_MAX],
                                      const covey__vgg *member, const int *channels,
                                      covey_error *err) {
    size_t offset[COVEY__WEIGHTS_TENSORS_MAX], total = HEADER_SIZE;
    int tensors = 2 * member->convolutions;
    for (int i = 0; i < tensors; ++i) {
        offset[i] = total;
        total += covey__weights_tensor_count(i, channels) * sizeof(float);
    }
    unsigned char *data = covey__calloc(1, total);
    if (!data)
        return covey__fail(err, COVEY_E_NOMEM, NULL, "memory ran out: the weights take %zu MB",
                           total >> 20);
    store_header head = {.version = tensors == 2 * COVEY_VGG_CONVOLUTIONS ? VERSION_VGG16 : VERSION,
                         .byte_order = BYTE_ORDER_MARK,
                         .file_size = total,
                         .header_size = HEADER_SIZE,
                         .tensors = (uint32_t)tensors};
    memcpy(head.magic, magic, sizeof magic);
    for (int i = 0; i < tensors; ++i) {
        tensor_row *row = &head.row[i];
        row->offset = offset[i];
        row->bytes = covey__weights_tensor_count(i, channels) * sizeof(float);
        row->shape[0] = (uint32_t)channels[i / 2];
        row->shape[1] = i % 2 ? 1 : (uint32_t)input_channels(i / 2, channels);
        row->shape[2] = row->shape[3] = i % 2 ? 1 : 3;
        tensor[i] = (float *)(data + offset[i]);
    }
    memcpy(data, &head, header_bytes(head.tensors));
    *image = data;
    *size = total;
    return COVEY_OK;
}

void covey__weights_image_digest(char digest[65], const unsigned char *image, size_t size) {
    uint8_t bytes[32];
    covey__sha256(bytes, image + HEADER_SIZE, size - HEADER_SIZE);
    covey__hex(digest, bytes, sizeof bytes);
}

static void header_checksum(uint8_t checksum[CHECKSUM_SIZE], const unsigned char *image,
                            uint32_t tensors) {
    unsigned char copy[HEADER_SIZE];
    memcpy(copy, image, HEADER_SIZE);
    memset(copy + header_bytes(tensors), 0, CHECKSUM_SIZE);
    covey__sha256(checksum, copy, HEADER_SIZE);
}

void covey__weights_image_seal(unsigned char *image, size_t size, const char *digest,
                               const float mean[3], const float std[3]) {
    store_header head;
    (void)size;
    memcpy(&head, image, sizeof head);
    memcpy(head.mean, mean, sizeof head.mean);
    memcpy(head.std, std, sizeof head.std);
    for (int i = 0; i < 32; ++i) {
        const char pair[3] = {digest[2 * i], digest[2 * i + 1], '\0'};
        head.digest[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    memcpy(image, &head, header_bytes(head.tensors));
    uint8_t checksum[CHECKSUM_SIZE];
    header_checksum(checksum, image, head.tensors);
    memcpy(image + header_bytes(head.tensors), checksum, sizeof checksum);
}

/* The table must be the one that these channels give; what else it says is damage. */
static int table_is_sound(const store_header *head,
                          int channels[COVEY_VGG_CONVOLUTIONS_MAX + 1]) {
    uint64_t at = HEADER_SIZE;
    channels[0] = 3;
    for (int i = 0; i < (int)head->tensors; ++i) {
        const tensor_row *row = &head->row[i];
        uint32_t out = row->shape[0];
        if (out == 0 || out % 16 || out > 512)
            return 0;
        channels[i / 2 + 1] = (int)out;
        uint32_t in = i % 2 ? 1 : (uint32_t)channels[i / 2], side = i % 2 ? 1 : 3;
        if (row->shape[1] != in || row->shape[2] != side || row->shape[3] != side ||
            row->offset != at || row->bytes != (uint64_t)out * in * side * side * sizeof(float))
            return 0;
        if (i % 2 && head->row[i - 1].shape[0] != out)
            return 0;
        at += row->bytes;
    }
    return at == head->file_size;
}

covey_status covey__weights_image_read(covey_weights *out, const unsigned char *image, size_t size,
                                       int verify, const char *path, covey_error *err) {
    covey_status status = COVEY_OK;
    static const char again[] = "remove it and run covey weights get or import again";
    store_header head;
    uint8_t checksum[CHECKSUM_SIZE];
    COVEY_FAIL_IF(size < HEADER_SIZE, err, COVEY_E_FORMAT, path,
                  "is too short for a set of weights; %s", again);
    memcpy(&head, image, sizeof head);
    COVEY_FAIL_IF(memcmp(head.magic, magic, sizeof magic) != 0, err, COVEY_E_FORMAT, path,
                  "is not a stored set of weights; %s", again);
    COVEY_FAIL_IF(head.byte_order != BYTE_ORDER_MARK, err, COVEY_E_UNSUPPORTED, path,
                  "was written on a machine of the other byte order; %s", again);
    COVEY_FAIL_IF(head.version < VERSION_VGG16 || head.version > VERSION, err,
                  COVEY_E_UNSUPPORTED, path, "is of version %u, this Covey reads up to version %d; %s",
                  head.version, VERSION, again);
    /* The table's length decides where the checksum lies; a damaged one reads as VGG16's. */
    uint32_t tensors = head.tensors <= COVEY__WEIGHTS_TENSORS_MAX ? head.tensors
                                                                  : 2 * COVEY_VGG_CONVOLUTIONS;
    header_checksum(checksum, image, tensors);
    COVEY_FAIL_IF(memcmp(checksum, image + header_bytes(tensors), sizeof checksum) != 0, err,
                  COVEY_E_DIGEST, path, "is damaged: its header does not match its checksum; %s",
                  again);
    COVEY_FAIL_IF(head.file_size != size, err, COVEY_E_FORMAT, path,
                  "has %zu bytes where %llu belong: it is truncated; %s", size,
                  (unsigned long long)head.file_size, again);
    out->member = covey__vgg_of((int)tensors / 2);
    COVEY_FAIL_IF(head.header_size != HEADER_SIZE || head.tensors != tensors || tensors % 2 ||
                      !out->member || !table_is_sound(&head, out->channels),
                  err, COVEY_E_FORMAT, path, "has a broken table of tensors; %s", again);
    covey__hex(out->digest, head.digest, sizeof head.digest);
    if (verify) {
        char digest[65];
        covey__weights_image_digest(digest, image, size);
        COVEY_FAIL_IF(strcmp(digest, out->digest) != 0, err, COVEY_E_DIGEST, path,
                      "is damaged: its numbers do not match their checksum; %s", again);
    }
    memcpy(out->mean, head.mean, sizeof out->mean);
    memcpy(out->std, head.std, sizeof out->std);
    for (uint32_t i = 0; i < tensors; ++i)
        out->tensor[i] = (const float *)(image + head.row[i].offset);
done:
    return status;
}

covey_status covey__weights_map(covey_weights **out, const char *path, int verify,
                                covey_error *err) {
    covey_status status = COVEY_OK;
    covey_weights *weights = NULL;
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return covey__fail_errno(err, path, "could not be opened");
    if (fstat(fd, &info)) {
        status = covey__fail_errno(err, path, "could not be examined");
        goto done;
    }
    COVEY_FAIL_IF(!S_ISREG(info.st_mode) || info.st_size < HEADER_SIZE, err, COVEY_E_FORMAT, path,
                  "is too short for a set of weights; remove it and run covey weights get or "
                  "import again");
    weights = covey__calloc(1, sizeof *weights);
    COVEY_NOMEM_IF(!weights, err);
    void *image = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (image == MAP_FAILED) {
        status = covey__fail_errno(err, path, "could not be mapped");
        goto done;
    }
    weights->image = image;
    weights->size = (size_t)info.st_size;
    weights->mapped = 1;
    COVEY_TRY(covey__weights_image_read(weights, image, weights->size, verify, path, err));
    *out = weights;
    weights = NULL;
done:
    covey_weights_free(weights);
    close(fd);
    return status;
}
