/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>

#include "photo_internal.h"

const char *covey__kind_words(covey__kind kind) {
    static const char *const words[] = {
#define COVEY__KIND_WORDS(name, text) text,
        COVEY__KIND_MAP(COVEY__KIND_WORDS)
#undef COVEY__KIND_WORDS
    };
    return (size_t)kind < sizeof words / sizeof *words ? words[kind] : words[COVEY__KIND_UNKNOWN];
}

int covey__kind_is_photo_like(covey__kind kind) {
    return kind != COVEY__KIND_UNKNOWN && kind != COVEY__KIND_PDF;
}

static int matches(const uint8_t *head, size_t n, size_t at, const char *magic, size_t size) {
    return at + size <= n && !memcmp(head + at, magic, size);
}

/* ISO base media files say what they are by brands: the major one, then the compatible ones. */
static covey__kind sniff_brands(const uint8_t *head, size_t n) {
    static const struct {
        char brand[5];
        covey__kind kind;
    } brands[] = {
        {"avif", COVEY__KIND_AVIF}, {"avis", COVEY__KIND_AVIF}, {"heic", COVEY__KIND_HEIC},
        {"heix", COVEY__KIND_HEIC}, {"heim", COVEY__KIND_HEIC}, {"heis", COVEY__KIND_HEIC},
        {"hevc", COVEY__KIND_HEIC}, {"hevx", COVEY__KIND_HEIC}, {"mif1", COVEY__KIND_HEIC},
        {"msf1", COVEY__KIND_HEIC}, {"crx ", COVEY__KIND_RAW},  {"jp2 ", COVEY__KIND_JP2},
        {"jpx ", COVEY__KIND_JP2},  {"jxl ", COVEY__KIND_JXL},
    };
    covey__kind found = COVEY__KIND_VIDEO;
    for (size_t b = 0; b < sizeof brands / sizeof *brands; ++b)
        if (matches(head, n, 8, brands[b].brand, 4))
            found = brands[b].kind;
    /* "mif1" alone does not tell HEIC from AVIF; the compatible brands do. */
    size_t box = (size_t)head[2] << 8 | head[3];
    if (matches(head, n, 8, "mif1", 4) && !head[0] && !head[1])
        for (size_t at = 16; at + 4 <= n && at + 4 <= box; at += 4)
            if (matches(head, n, at, "avif", 4))
                found = COVEY__KIND_AVIF;
    return found;
}

/* Text that opens an <svg element, perhaps after a prologue. */
static int is_svg(const uint8_t *head, size_t n) {
    size_t at = matches(head, n, 0, "\xEF\xBB\xBF", 3) ? 3 : 0;
    while (at < n && isspace(head[at]))
        ++at;
    if (at >= n || head[at] != '<')
        return 0;
    for (; at + 4 <= n; ++at)
        if (!memcmp(head + at, "<svg", 4))
            return 1;
    return 0;
}

static uint32_t number(const uint8_t *p, int bytes, int big) {
    uint32_t value = 0;
    for (int i = 0; i < bytes; ++i)
        value |= (uint32_t)p[i] << 8 * (big ? bytes - 1 - i : i);
    return value;
}

/* Most raw formats are TIFFs of a kind. Their first directory has a DNG version, an image behind a
 * colour filter array, or nothing but a preview beside directories of its own. */
static covey__kind sniff_tiff(const uint8_t *head, size_t n) {
    enum { SUBFILE_TYPE = 254, PHOTOMETRIC = 262, SUB_IFDS = 330, DNG_VERSION = 50706 };
    enum { COLOUR_FILTER_ARRAY = 32803 };
    if (matches(head, n, 8, "CR\x02", 3))
        return COVEY__KIND_RAW;
    int big = head[0] == 'M', preview = 0, directories = 0;
    if (n < 10)
        return COVEY__KIND_TIFF;
    uint32_t start = number(head + 4, 4, big);
    if (start > n - 2)
        return COVEY__KIND_TIFF;
    uint32_t count = number(head + start, 2, big);
    for (size_t at = start + 2; count-- && at + 12 <= n; at += 12) {
        uint32_t tag = number(head + at, 2, big);
        uint32_t wide = number(head + at + 8, 4, big), narrow = number(head + at + 8, 2, big);
        if (tag == DNG_VERSION || (tag == PHOTOMETRIC && narrow == COLOUR_FILTER_ARRAY))
            return COVEY__KIND_RAW;
        preview |= tag == SUBFILE_TYPE && wide == 1;
        directories |= tag == SUB_IFDS;
    }
    return preview && directories ? COVEY__KIND_RAW : COVEY__KIND_TIFF;
}

covey__kind covey__sniff(const uint8_t *head, size_t n) {
    static const struct {
        const char *magic;
        size_t size, at;
        covey__kind kind;
    } magics[] = {
        {"\xFF\xD8\xFF", 3, 0, COVEY__KIND_JPEG},
        {"\x89PNG\r\n\x1A\n", 8, 0, COVEY__KIND_PNG},
        {"WEBP", 4, 8, COVEY__KIND_WEBP},
        {"GIF87a", 6, 0, COVEY__KIND_GIF},
        {"GIF89a", 6, 0, COVEY__KIND_GIF},
        {"8BPS", 4, 0, COVEY__KIND_PSD},
        {"%PDF-", 5, 0, COVEY__KIND_PDF},
        {"IIRO", 4, 0, COVEY__KIND_RAW},
        {"IIRS", 4, 0, COVEY__KIND_RAW},
        {"MMOR", 4, 0, COVEY__KIND_RAW},
        {"IIU\0", 4, 0, COVEY__KIND_RAW},
        {"FUJIFILMCCD-RAW", 15, 0, COVEY__KIND_RAW},
        {"FOVb", 4, 0, COVEY__KIND_RAW},
        {"HEAPCCDR", 8, 6, COVEY__KIND_RAW},
        {"\xFF\x0A", 2, 0, COVEY__KIND_JXL},
        {"\0\0\0\x0CJXL ", 8, 0, COVEY__KIND_JXL},
        {"\0\0\0\x0CjP  ", 8, 0, COVEY__KIND_JP2},
        {"\xFF\x4F\xFF\x51", 4, 0, COVEY__KIND_JP2},
        {"AVI ", 4, 8, COVEY__KIND_VIDEO},
        {"\x1A\x45\xDF\xA3", 4, 0, COVEY__KIND_VIDEO},
        {"\0\0\1\xBA", 4, 0, COVEY__KIND_VIDEO},
        {"\0\0\1\xB3", 4, 0, COVEY__KIND_VIDEO},
        {"FLV\1", 4, 0, COVEY__KIND_VIDEO},
        {"\x30\x26\xB2\x75\x8E\x66\xCF\x11", 8, 0, COVEY__KIND_VIDEO},
        {"moov", 4, 4, COVEY__KIND_VIDEO},
        {"mdat", 4, 4, COVEY__KIND_VIDEO},
    };
    for (size_t i = 0; i < sizeof magics / sizeof *magics; ++i)
        if (matches(head, n, magics[i].at, magics[i].magic, magics[i].size) &&
            (magics[i].at != 8 || matches(head, n, 0, "RIFF", 4)))
            return magics[i].kind;
    if (matches(head, n, 4, "ftyp", 4))
        return sniff_brands(head, n);
    if (matches(head, n, 0, "II*\0", 4) || matches(head, n, 0, "MM\0*", 4))
        return sniff_tiff(head, n);
    if (matches(head, n, 0, "II+\0", 4) || matches(head, n, 0, "MM\0+", 4))
        return COVEY__KIND_TIFF;
    /* "BM" opens many a text; a bitmap has four zero bytes and a small header size as well. */
    if (matches(head, n, 0, "BM", 2) && matches(head, n, 6, "\0\0\0\0", 4) && n > 17 &&
        head[14] >= 12 && !head[15] && !head[16] && !head[17])
        return COVEY__KIND_BMP;
    return is_svg(head, n) ? COVEY__KIND_SVG : COVEY__KIND_UNKNOWN;
}

covey__kind covey__kind_of_name(const char *name) {
    static const struct {
        covey__kind kind;
        const char *endings; /* each between two spaces */
    } table[] = {
        {COVEY__KIND_JPEG, " jpg jpeg jpe jfif jif pjpeg "},
        {COVEY__KIND_PNG, " png apng "},
        {COVEY__KIND_WEBP, " webp "},
        {COVEY__KIND_TIFF, " tif tiff "},
        {COVEY__KIND_GIF, " gif "},
        {COVEY__KIND_HEIC, " heic heif heics heifs hif "},
        {COVEY__KIND_AVIF, " avif avifs "},
        {COVEY__KIND_BMP, " bmp dib "},
        {COVEY__KIND_PSD, " psd psb "},
        {COVEY__KIND_SVG, " svg svgz "},
        {COVEY__KIND_PDF, " pdf "},
        {COVEY__KIND_JXL, " jxl "},
        {COVEY__KIND_JP2, " jp2 j2k jpx jpf jpm "},
        {COVEY__KIND_RAW, " cr2 cr3 crw nef nrw arw srf sr2 dng orf rw2 raf pef srw 3fr fff iiq "
                          "x3f erf mef mos kdc dcr rwl mrw raw "},
        {COVEY__KIND_VIDEO, " mov mp4 m4v avi mkv webm mpg mpeg mts m2ts wmv flv 3gp 3g2 ogv "},
    };
    const char *slash = strrchr(name, '/'), *dot = strrchr(slash ? slash : name, '.');
    char ending[10] = " ";
    size_t n = dot ? strlen(dot + 1) : 0;
    if (!n || n > sizeof ending - 3)
        return COVEY__KIND_UNKNOWN;
    for (size_t i = 0; i < n; ++i) {
        unsigned char c = (unsigned char)dot[1 + i];
        if (c == ' ')
            return COVEY__KIND_UNKNOWN;
        ending[1 + i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    ending[n + 1] = ' ';
    for (size_t i = 0; i < sizeof table / sizeof *table; ++i)
        if (strstr(table[i].endings, ending))
            return table[i].kind;
    return COVEY__KIND_UNKNOWN;
}
