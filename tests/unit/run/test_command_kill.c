/* SPDX-License-Identifier: MIT */
/* SIGKILL at random moments of every command that writes: the next one completes with the very same
 * bytes, takes all that was kept, and leaves nothing behind. COVEY_KILLS says how often each is
 * killed (3; 50 in slow/test_command_kill), COVEY_KILL_SEED when. */
#include "covey_test.h"

#include "command_fixture.h"

#define WITH " --weights mini --batch 4 --threads 1 -q"

static int kills(void) {
    const char *text = getenv("COVEY_KILLS");
    return text ? atoi(text) : 3;
}

/* How long `line` takes when nobody disturbs it. */
static double time_of(const scene *s, const char *line) {
    double began = clock_now();
    run_command(s, line, 0);
    return clock_now() - began;
}

/* Kills `line` at a moment of its usual time; 1: it had not ended by then. */
static int kill_within(scene *s, const char *line, double seconds) {
    double moment = 1.1 * seconds * throw_dice(s);
    pid_t pid = start_command(s, line);
    nanosleep(&(struct timespec){(time_t)moment, (long)(1e9 * (moment - (double)(time_t)moment))},
              NULL);
    kill(pid, SIGKILL);
    int code = end_of(pid);
    assert_true(code == 0 || code == 128 + SIGKILL);
    reap_orphans();
    return code != 0;
}

static void extract_starts_again_where_it_was(void **state) {
    scene *s = *state;
    static const char line[] = COVEY " extract photos -o out" WITH;
    int met = 0, between = 0;
    run_command(s, COVEY " extract photos -o whole --no-cache" WITH, 0);
    double usual = time_of(s, line);
    for (int i = 0; i < kills(); ++i) {
        shell(s, "rm -rf out cache");
        met += kill_within(s, line, usual);
        size_t kept = count_kept(s);
        between += kept > 0 && kept < SCENE_PHOTOS;
        assert_true(kept % 4 == 0 || kept == SCENE_PHOTOS); /* whole batches */
        run_command(s, line, 0);
        covey_run *run = load_run(s, "out");
        assert_int_equal(run->facts.recalled, kept);
        covey_run_free(run);
        assert_same_run(s, "whole", "out");
        assert_no_strays(s, "", "photos home cache whole out log");
    }
    print_message("extract: %d of %d kills met it at work, %d with part of the photos kept\n", met,
                  kills(), between);
    shell(s, "rm -rf whole out cache");
}

/* Over a whole run of before: until the new one is whole, the old one is. */
static void run_leaves_the_old_or_the_new(void **state) {
    scene *s = *state;
    static const char older[] = COVEY " run photos -o older -k 3 --loss square --seeds 0" WITH;
    static const char line[] = COVEY " run photos -o out -k 2 --loss huber,square --seeds 2" WITH;
    int met = 0;
    run_command(s, older, 0);
    shell(s, "cp -r older out");
    double usual = time_of(s, line);
    shell(s, "cp -r out whole");
    for (int i = 0; i < kills(); ++i) {
        shell(s, "rm -rf out cache && cp -r older out");
        met += kill_within(s, line, usual);
        covey_run *run = load_run(s, "out"); /* checks every digest */
        assert_same_run(s, run->comparison.n_losses == 1 ? "older" : "whole", "out");
        covey_run_free(run);
        run_command(s, line, 0);
        assert_same_run(s, "whole", "out");
        assert_no_strays(s, "", "photos home cache older whole out log");
    }
    print_message("run: %d of %d kills met it at work\n", met, kills());
    shell(s, "rm -rf older whole out cache");
}

static void cluster_is_whole_or_absent(void **state) {
    scene *s = *state;
    static const char line[] =
        COVEY " cluster f.npy -k 5 --loss huber --restarts 4 -o out --threads 1 -q";
    int met = 0;
    shell(s, "python3 '" COVEY_TEST_SOURCE "/tests/tools/make_npy.py' f.npy 4000 16");
    double usual = time_of(s, line);
    shell(s, "mv out whole");
    for (int i = 0; i < kills(); ++i) {
        char path[700];
        met += kill_within(s, line, usual);
        in_scene(path, s, "out");
        if (access(path, F_OK) == 0)
            covey_run_free(load_run(s, "out"));
        run_command(s, line, 0);
        assert_same_run(s, "whole", "out");
        assert_no_strays(s, "", "photos home whole out log f.npy");
        shell(s, "rm -rf out");
    }
    print_message("cluster: %d of %d kills met it at work\n", met, kills());
    shell(s, "rm -rf whole f.npy");
}

static void a_page_is_whole_or_absent(void **state) {
    scene *s = *state;
    int met = 0;
    char path[700];
    run_command(s, COVEY " run photos -o out -k 3 --loss square --seeds 0" WITH, 0);
    double usual = time_of(s, COVEY " report out -q");
    shell(s, "cp out/report.html page && ls out >names");
    in_scene(path, s, "out/report.html");
    for (int i = 0; i < kills(); ++i) {
        unlink(path);
        met += kill_within(s, COVEY " report out -q", usual);
        shell(s, "! test -e out/report.html || cmp page out/report.html");
        run_command(s, COVEY " report out -q", 0);
        shell(s, "cmp page out/report.html && ls out | cmp names");
    }
    print_message("report: %d of %d kills met it at work\n", met, kills());
    shell(s, "rm -rf out cache page names");
}

/* VGG16 in zeros: a sparse file of 59 MB. */
static void make_safetensors(const scene *s) {
    static const int out[13] = {64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512};
    static const int layer[13] = {0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28};
    char path[700], header[8192] = "{";
    size_t used = 1, at = 0;
    for (int i = 0; i < 13; ++i) {
        size_t weights = (size_t)out[i] * (size_t)(i ? out[i - 1] : 3) * 9 * 4;
        size_t biases = (size_t)out[i] * 4;
        used += (size_t)snprintf(
            header + used, sizeof header - used,
            "%s\"features.%d.weight\":{\"dtype\":\"F32\",\"shape\":[%d,%d,3,3],\"data_offsets\":"
            "[%zu,%zu]},\"features.%d.bias\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":"
            "[%zu,%zu]}",
            i ? "," : "", layer[i], out[i], i ? out[i - 1] : 3, at, at + weights, layer[i], out[i],
            at + weights, at + weights + biases);
        at += weights + biases;
    }
    used += (size_t)snprintf(header + used, sizeof header - used, "}");
    uint8_t length[8] = {(uint8_t)used, (uint8_t)(used >> 8)};
    in_scene(path, s, "zeros.safetensors");
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(length, 1, 8, file), 8);
    assert_int_equal(fwrite(header, 1, used, file), used);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(truncate(path, (off_t)(8 + used + at)), 0);
}

static void imported_weights_are_whole_or_absent(void **state) {
    scene *s = *state;
    static const char line[] = COVEY " weights import zeros.safetensors --name zeros -q";
    char expected[600] = "";
    int met = 0;
    make_safetensors(s);
    double usual = time_of(s, line);
    char folder[700];
    in_scene(folder, s, "home");
    DIR *dir = opendir(folder);
    for (struct dirent *e; (e = readdir(dir));)
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%s ",
                 e->d_name);
    closedir(dir);
    shell(s, "sha256sum home/zeros* >sum");
    for (int i = 0; i < kills(); ++i) {
        shell(s, "rm home/zeros*");
        met += kill_within(s, line, usual);
        covey_weights *weights = NULL;
        covey_status status = covey_weights_open(&weights, "zeros", NULL);
        assert_true(status == COVEY_OK || status == COVEY_E_NO_WEIGHTS);
        covey_weights_free(weights);
        run_command(s, line, 0);
        shell(s, "sha256sum --quiet -c sum");
        assert_no_strays(s, "home", expected);
    }
    print_message("weights import: %d of %d kills met it at work\n", met, kills());
    shell(s, "rm -rf zeros.safetensors sum home/zeros*");
}

/* Ctrl-C and SIGTERM at any moment: done, or 130 with all descriptions kept that were made. */
static void a_stop_at_any_moment(void **state) {
    scene *s = *state;
    static const char line[] = COVEY " extract photos -o out --weights mini --batch 4 --threads 1";
    int stopped = 0;
    run_command(s, COVEY " extract photos -o whole --no-cache" WITH, 0);
    double usual = time_of(s, line);
    for (int i = 0; i < kills(); ++i) {
        char path[700];
        shell(s, "rm -rf out cache log");
        double moment = 0.1 * usual + usual * throw_dice(s);
        pid_t pid = start_command(s, line);
        nanosleep(&(struct timespec){(time_t)moment, (long)(1e9 * (moment - (double)(time_t)moment))},
                  NULL);
        kill(pid, i % 2 ? SIGTERM : SIGINT);
        int code = end_of(pid);
        assert_true(code == 0 || code == 130 || code == 128 + SIGINT || code == 128 + SIGTERM);
        in_scene(path, s, "out");
        if (code == 130 && access(path, F_OK) == 0) {
            covey_run *run = load_run(s, "out"); /* a whole folder of a part of the photos */
            assert_true(run->n_photos > 0 && run->n_photos <= count_kept(s));
            covey_run_free(run);
            assert_said(s, "stopped");
            ++stopped;
        }
        reap_orphans();
        run_command(s, line, 0);
        assert_same_run(s, "whole", "out");
        assert_no_strays(s, "", "photos home cache whole out log");
    }
    print_message("stops: %d of %d left a part to go on with\n", stopped, kills());
    shell(s, "rm -rf whole out cache");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extract_starts_again_where_it_was),
        cmocka_unit_test(run_leaves_the_old_or_the_new),
        cmocka_unit_test(cluster_is_whole_or_absent),
        cmocka_unit_test(a_page_is_whole_or_absent),
        cmocka_unit_test(imported_weights_are_whole_or_absent),
        cmocka_unit_test(a_stop_at_any_moment),
    };
    return cmocka_run_group_tests(tests, scene_setup, scene_teardown);
}
