/* SPDX-License-Identifier: MIT */
/* Whole runs for tests, without the network: make_run FOLDER N K LOSSES [NAMES [COLUMNS [studies]]] draws N photos into
 * FOLDER/photos, describes them by numbers that fall into groups, clusters these under LOSSES
 * (comma-separated; "-": none, as after extract) and saves FOLDER/out. K 0: chosen, as `-k auto`.
 * NAMES: plain, hostile (whatever a file system allows), or numbers (no photos, features alone). With
 * "studies" also the dial, strangers, solvers, and pictures in place of feature maps. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <vips/vips.h>

#include "base_internal.h"
#include "covey/covey.h"
#include "random_internal.h"

enum { LOSSES_MOST = 24, KINDS = 240, WIDTH = 200, HEIGHT = 150 };

/* What ends an attribute, a script, a comment, a line, a path; what turns the text around; what is
 * no UTF-8. Each sets window.breached if it is ever run. */
static const char *const hostile[] = {
    "plain.jpg",
    "<img src=x onerror=\"window.breached=1\">.jpg",
    "\"><script>window.breached=2<",
    "<", /* with the next part: </script>... */
    "' onmouseover='window.breached=4' x='.jpg",
    "new\nline\r\tand tab.jpg",
    ("\xE2\x80\xAE" "gpj.right-to-left.jpg"), /* U+202E; a hexadecimal escape would go on */
    "invalid\xFF\xFE\xC3(.jpg",
    "%41%2e%2e#hash?query&amp;+.jpg",
    "back\\slash 'quotes' \"both\".jpg",
    "javascript:window.breached=5.jpg",
    "<!--<script>.jpg",
    "line\xE2\x80\xA8separator.jpg", /* U+2028 ends a line of JavaScript */
    "{0}${window.breached=6}{1}.jpg",
    "\xDA\xA9\xD8\xA8\xD9\x88\xD8\xAA\xD8\xB1 \xDB\xB1\xDB\xB2.jpg",
    "=HYPERLINK(0).jpg",
    "  spaces  .jpg",
    "\x01\x7F.jpg",
    "\xF0\x9F\x90\xA6.jpg",
};

#define ODD_ROOT "<b>ph\"o'tos & %41#?"

static void fail(const char *what) {
    fprintf(stderr, "make_run: %s\n", what);
    exit(1);
}

static void *checked(void *p) {
    if (!p)
        fail("out of memory");
    return p;
}

static void name_photo(char *out, size_t size, const char *names, size_t i) {
    size_t n = sizeof hostile / sizeof *hostile;
    if (strcmp(names, "hostile") != 0) {
        snprintf(out, size, "%s/IMG_%04zu.jpg", i % 3 ? "holiday" : "home", i);
    } else if (i == n) { /* as long as names get */
        memset(out, 'x', 255);
        memcpy(out + 240, "&<long>.\xC3\xA9.jpg", 15);
        out[255] = '\0';
    } else if (i == 3) {
        snprintf(out, size, "</script><script>window.breached=3</script>/%zu.jpg", i);
    } else if (i < n) {
        snprintf(out, size, "%s%s", hostile[i], i == 2 ? "/script>.jpg" : "");
    } else {
        snprintf(out, size, "%03zu-%s%s", i, hostile[i % n], i % n == 2 || i % n == 3 ? "x.jpg" : "");
    }
}

/* A picture of its group's look, a JPEG. Freed with g_free. */
static void *draw(size_t *bytes, size_t group, size_t kind) {
    unsigned char *pixels = checked(malloc(WIDTH * HEIGHT * 3));
    double hue = 0.37 * (double)group, turn = 0.05 * (double)kind;
    for (int y = 0; y < HEIGHT; ++y)
        for (int x = 0; x < WIDTH; ++x) {
            double u = x / 17.0 + turn, v = y / 17.0 - turn;
            double wave = sin(u * (1 + (double)(group % 4)) / 2 + turn) * sin(v * (1 + (double)(group % 3)) / 2);
            for (int b = 0; b < 3; ++b)
                pixels[(y * WIDTH + x) * 3 + b] = (unsigned char)(127.5 + 85 * sin(6.283 * (hue + b / 3.0)) + 40 * wave);
        }
    VipsImage *image = vips_image_new_from_memory(pixels, WIDTH * HEIGHT * 3, WIDTH, HEIGHT, 3, VIPS_FORMAT_UCHAR);
    void *jpeg = NULL;
    if (!image || vips_jpegsave_buffer(image, &jpeg, bytes, "Q", 80, NULL))
        fail(vips_error_buffer());
    g_object_unref(image);
    free(pixels);
    return jpeg;
}

static void write_photo(const char *root, const char *name, const void *data, size_t size) {
    char *path = checked(covey__asprintf("%s/%s", root, name));
    for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')); *p++ = '/') {
        *p = '\0';
        if (mkdir(path, 0777) && errno != EEXIST)
            fail(strerror(errno));
    }
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file))
        fail(strerror(errno));
    covey__free(path);
}

static size_t group_of(size_t i, size_t groups) {
    return (size_t)covey__uniform_below(groups, 11, COVEY__PURPOSE_TEST, i, 0);
}

static void describe(covey_run *run, size_t n, size_t groups, size_t cols) {
    float *x = checked(covey__alloc_array(n * cols, sizeof *x));
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < cols; ++j)
            x[i * cols + j] = (float)fabs(covey__normal(3, COVEY__PURPOSE_TEST, group_of(i, groups), j) +
                                          0.55 * covey__normal(5, COVEY__PURPOSE_TEST, i, j));
    run->features = (covey_matrix){.data = x, .rows = n, .cols = cols};
}

static void add_photos(covey_run *run, const char *root, size_t n, size_t groups, const char *names) {
    void *jpegs[KINDS];
    size_t sizes[KINDS];
    char name[512];
    for (size_t i = 0; i < KINDS && i < n; ++i)
        jpegs[i] = draw(&sizes[i], group_of(i, groups), i);
    run->roots = checked(covey__calloc(1, sizeof *run->roots));
    run->roots[0] = checked((void *)covey_run_copy_string(run, root));
    run->n_roots = 1;
    run->photos = checked(covey__calloc(n, sizeof *run->photos));
    run->n_photos = n;
    for (size_t i = 0; i < n; ++i) {
        size_t kind = i % KINDS;
        covey_run_photo *photo = &run->photos[i];
        name_photo(name, sizeof name, names, i);
        photo->path = checked((void *)covey_run_copy_string(run, name));
        photo->width = WIDTH;
        photo->height = HEIGHT;
        photo->bytes = sizes[kind];
        photo->thumb = jpegs[kind];
        photo->thumb_bytes = sizes[kind];
        covey__sha256(photo->sha256, jpegs[kind], sizes[kind]);
        write_photo(root, name, jpegs[kind], sizes[kind]);
    }
    run->skips = checked(covey__calloc(2, sizeof *run->skips));
    run->skips[0] = (covey_run_skip){.path = "holiday/film.mov", .reason = "this is a video"};
    run->skips[1] = (covey_run_skip){.path = "</td><script>window.breached=7</script>.bmp", .reason = "BMP is not read; save it as PNG"};
    run->n_skips = 2;
}

/* Waves in place of activations, for the covers of the first loss. */
static void add_maps(covey_run *run) {
    static const int layers[] = {COVEY_WRITE_UP_LAYERS};
    enum { LAYERS = sizeof layers / sizeof *layers, SIDE = 28, MAPS = COVEY_RUN_MAP_CHANNELS };
    const covey_clustering *c = &run->comparison.clusterings[0];
    covey_error err;
    uint8_t maps[MAPS * SIDE * SIDE], *png;
    size_t bytes, shown = 0;
    for (size_t j = 0; j < c->k && shown < COVEY_RUN_MAP_COVERS; ++j) {
        for (int l = 0; l < LAYERS && c->representatives[j] >= 0; ++l) {
            for (size_t i = 0; i < sizeof maps; ++i)
                maps[i] = (uint8_t)(127 + 120 * sin((double)(i % SIDE) / (l + 1) + (double)(i / SIDE) / (j + 2.)));
            if (covey_figure_encode_strip(&png, &bytes, maps, MAPS, SIDE, SIDE, COVEY_RUN_MAP_SIDE, &err) ||
                covey_run_add_map(run, c->representatives[j], layers[l], png, bytes))
                fail("feature maps");
            covey_free(png);
        }
        shown += c->representatives[j] >= 0;
    }
}

/* What `run` and `compare --solvers --strangers` look into besides. The solvers' numbers are made up. */
static void study(covey_run *run, const float *x, const covey_cluster_params *cluster) {
    const covey_comparison *c = &run->comparison;
    covey_strangers_params strangers = covey_strangers_params_default();
    covey_solver_row rows[2 * LOSSES_MOST];
    covey_error err;
    if (covey_dial_compute(&run->dial, c, x, c->n, c->d, cluster, &err) ||
        covey_strangers_compute(&run->strangers, c, x, c->n, c->d, cluster, &strangers, &err))
        fail(err.message);
    for (size_t i = 0; i < 2 * c->n_losses; ++i)
        rows[i] = (covey_solver_row){
            .loss = c->clusterings[i / 2].loss.ops->name, .solver = i % 2 ? "lbfgs" : "irls", .objective = 12.5 + (double)i,
            .gap = i % 2 ? 0 : 1e-7, .iterations = 20 + (int)i, .evaluations = 31 + (int)i, .clusters = c->k_all,
            .converged = c->k_all, .seconds = 0.001 * (double)(i + 1), .from_exact = i ? NAN : 0};
    if (covey_run_keep_solvers(run, rows, 2 * c->n_losses, &err))
        fail(err.message);
    if (run->n_photos)
        add_maps(run);
}

static void compare(covey_run *run, size_t k, char *losses, int studies) {
    covey_error err;
    covey_loss list[LOSSES_MOST];
    size_t n = 0;
    for (char *name = strtok(losses, ","); name && n < LOSSES_MOST; name = strtok(NULL, ","))
        if (covey_loss_find(&list[n++], name, &err))
            fail(err.message);
    covey_compare_params params = covey_compare_params_default();
    params.cluster.k = k;
    params.cluster.restarts = 3;
    params.seeds = 3;
    /* As `run` does: rows to length 1. */
    size_t rows = run->features.rows, cols = run->features.cols;
    float *x = checked(covey__alloc_array(rows * cols, sizeof *x));
    memcpy(x, run->features.data, rows * cols * sizeof *x);
    if (covey_normalize_rows(x, rows, cols, COVEY_NORMALIZE_L2, NULL) ||
        covey_compare_compute(&run->comparison, x, rows, cols, list, n, &params, &err))
        fail(err.message);
    if (studies)
        study(run, x, &params.cluster);
    covey__free(x);
}

/* They lie in the build's folder, this program in tests/ below it; saving draws representatives. */
static void find_programs(const char *self) {
    char *folder = covey__strndup(self, (size_t)(covey__path_base(self) - self));
    for (int draw = 0; draw < 2; ++draw) {
        char *path = checked(covey__asprintf("%s../covey-%s", folder ? folder : "", draw ? "draw" : "decode"));
        setenv(draw ? "COVEY_DRAW" : "COVEY_DECODE", path, 0);
        covey__free(path);
    }
    covey__free(folder);
}

int main(int argc, char **argv) {
    if (argc < 5 || argc > 8 || VIPS_INIT(argv[0])) {
        fprintf(stderr, "usage: make_run FOLDER N K LOSSES [plain|hostile|numbers [COLUMNS [studies]]]\n");
        return 2;
    }
    covey_error err;
    covey_run *run;
    const char *names = argc > 5 ? argv[5] : "plain";
    size_t n = (size_t)atol(argv[2]), k = (size_t)atol(argv[3]);
    size_t groups = k ? k : 5, cols = argc > 6 ? (size_t)atol(argv[6]) : 16;
    if (mkdir(argv[1], 0777) && errno != EEXIST)
        fail(strerror(errno));
    char *folder = checked(realpath(argv[1], NULL));
    char *root = checked(covey__asprintf("%s/%s", folder, strcmp(names, "hostile") ? "photos" : ODD_ROOT));
    char *out = checked(covey__asprintf("%s/out", folder));
    if (mkdir(root, 0777) && errno != EEXIST)
        fail(strerror(errno));
    find_programs(argv[0]);
    if (covey_run_new(&run, &err))
        fail(err.message);
    describe(run, n, groups, cols);
    if (strcmp(names, "numbers") != 0)
        add_photos(run, root, n, groups, names);
    run->facts = (covey_run_facts){
        .version = covey_version(), .command = "covey run photos -o out/", .weights_name = "oxford",
        .weights_digest = "3be917fb4375d2d5", .engine_id = "made by make_run", .normalize = "l2", .start = "kmeans++",
        .found = n + run->n_skips, .restarts = 3, .max_rounds = 100, .seeds = 3, .tolerance = 1e-6,
        .k_automatic = !k, .threads = 2, .seconds_extract = 12, .seconds_cluster = 2, .seconds_total = 14.5};
    if (strcmp(argv[4], "-") != 0)
        compare(run, k, argv[4], argc > 7);
    if (covey_run_save(run, out, NULL, NULL, &err))
        fail(err.message);
    covey_run_free(run);
    covey__free(root);
    covey__free(out);
    free(folder);
    return 0;
}
