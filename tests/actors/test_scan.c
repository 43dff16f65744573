/* SPDX-License-Identifier: Apache-2.0 */
/* test_scan.c: however many threads look, the same files are found. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/scan.h"
#include "actors/text.h"
#include "tests/actors/scratch_dir.h"

enum { DIRECTORIES = 40, FILES = 12 };

static struct scratch_dir docs;

static void
set_up(void)
{
    scratch_dir_make(&docs);
}

static void
tear_down(void)
{
    scratch_dir_remove(&docs);
}

TestSuite(scan, .init = set_up, .fini = tear_down, .timeout = 60);

/* With files, one more name of a file elsewhere, and a link elsewhere. */
static void
fill(const char *directory, int number)
{
    char name[96], other[64];
    for (int j = 0; j < FILES; j++) {
        snprintf(name, sizeof name, "%.60s/f%d", directory, j);
        scratch_dir_write(&docs, name, "text");
    }
    snprintf(other, sizeof other, "d%d/f%d", number % 8, number % FILES);
    snprintf(name, sizeof name, "%.60s/g", directory);
    char *from = strdup(scratch_dir_path(&docs, other));
    cr_assert_eq(link(from, scratch_dir_path(&docs, name)), 0);
    free(from);
    snprintf(other, sizeof other, "../d%d", (number + 1) % 8);
    snprintf(name, sizeof name, "%.60s/s", directory);
    cr_assert_eq(symlink(other, scratch_dir_path(&docs, name)), 0);
}

static void
make_tree(void)
{
    char name[64];
    for (int i = 0; i < DIRECTORIES; i++) {
        snprintf(name, sizeof name, "d%d", i % 8);
        if (i >= 8)
            snprintf(name, sizeof name, "d%d/e%d", i % 8, i);
        mkdir(scratch_dir_path(&docs, name), 0700);
        fill(name, i);
    }
    cr_assert_eq(symlink("nothing", scratch_dir_path(&docs, "broken")), 0);
    cr_assert_eq(mkfifo(scratch_dir_path(&docs, "pipe"), 0600), 0);
    cr_assert_eq(chmod(scratch_dir_path(&docs, "d3/e11"), 0), 0);
}

/* What is found, a line each; to be freed. */
static char *
list(unsigned threads, unsigned depth_max)
{
    struct troupe__scan scan;
    struct troupe__text text = {0};
    char *roots[] = {docs.path};
    troupe__scan_roots(roots, 1, depth_max, threads, &scan);
    for (size_t i = 0; i < scan.count; i++) {
        const struct troupe__file *it = &scan.files[i];
        troupe__text_printf(&text, "%s %s %llu %lld %lld\n", it->path,
                            it->reason ? it->reason : "",
                            (unsigned long long) it->inode,
                            (long long) it->size, (long long) it->mtime_ns);
    }
    troupe__scan_free(&scan);
    troupe__text_puts(&text, "");
    return text.data;
}

Test(scan, of_many_threads_finds_what_one_finds)
{
    make_tree();
    for (unsigned depth_max = 1; depth_max <= 4; depth_max++) {
        char *one = list(1, depth_max);
        cr_assert(strstr(one, "/d0/f1 "));
        for (unsigned threads = 0; threads <= 9; threads++) {
            char *many = list(threads, depth_max);
            cr_assert_eq(strcmp(many, one), 0, "%u threads, depth %u", threads,
                         depth_max);
            free(many);
        }
        free(one);
    }
    cr_assert_eq(chmod(scratch_dir_path(&docs, "d3/e11"), 0700), 0);
}
