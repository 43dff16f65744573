/* SPDX-License-Identifier: Apache-2.0 */
/* test_passage.c: lists of passages, their fusion, and their way in messages. */
#include <criterion/criterion.h>
#include <errno.h>
#include <msgpack.h>
#include <stdio.h>
#include <string.h>

#include "actors/passage_wire.h"
#include "troupe_passage.h"

static void
add(troupe_passages_t *list, const char *path, size_t start, const char *text,
    troupe_engine_t engine)
{
    troupe_passage_t passage = {.path = path,
                                .text = text,
                                .start = start,
                                .end = start + strlen(text),
                                .engines = 1U << engine};
    cr_assert_eq(troupe_passages_add(list, &passage), 0);
}

Test(passage, a_list_owns_copies_of_what_it_is_given)
{
    char path[] = "/a", text[] = "words";
    troupe_passages_t *list = troupe_passages_new();
    troupe_passage_t passage = {
        .path = path, .text = text, .start = 3, .end = 8, .score = 0.5};
    cr_assert_eq(troupe_passages_add(list, &passage), 0);
    path[1] = text[0] = 'X';
    const troupe_passage_t *kept = troupe_passages_at(list, 0);
    cr_assert_str_eq(kept->path, "/a");
    cr_assert_str_eq(kept->text, "words");
    cr_assert_str_eq(kept->title, "");
    cr_assert_str_eq(kept->heading, "");
    cr_assert_eq(kept->rank, 1);
    cr_assert_eq(troupe_passages_count(list), 1);
    cr_assert_null(troupe_passages_at(list, 1));
    troupe_passages_destroy(&list);
    cr_assert_null(list);
    troupe_passages_destroy(&list);
}

Test(passage, a_range_that_is_not_that_of_the_text_is_refused)
{
    troupe_passages_t *list = troupe_passages_new();
    troupe_passage_t passage = {.text = "words", .start = 3, .end = 7};
    cr_assert_eq(troupe_passages_add(list, &passage), -EINVAL);
    passage.end = 2;
    cr_assert_eq(troupe_passages_add(list, &passage), -EINVAL);
    cr_assert_eq(troupe_passages_count(list), 0);
    troupe_passages_destroy(&list);
}

Test(passage, engines_have_names_and_names_have_engines)
{
    for (int i = 0; i < TROUPE_ENGINE_COUNT; i++) {
        troupe_engine_t engine = TROUPE_ENGINE_COUNT;
        cr_assert_eq(troupe_engine_find(troupe_engine_name((troupe_engine_t) i),
                                        &engine),
                     0);
        cr_assert_eq((int) engine, i);
    }
    troupe_engine_t engine = TROUPE_ENGINE_PHRASE;
    cr_assert_eq(troupe_engine_find("bing", &engine), -ENOENT);
    cr_assert_eq(engine, TROUPE_ENGINE_PHRASE);
    cr_assert_null(troupe_engine_name(TROUPE_ENGINE_COUNT));
}

Test(fuse, first_in_every_list_scores_one_and_agreement_wins)
{
    troupe_passages_t *one = troupe_passages_new();
    troupe_passages_t *two = troupe_passages_new();
    add(one, "/a", 0, "alpha", TROUPE_ENGINE_BM25);
    add(one, "/b", 0, "beta", TROUPE_ENGINE_BM25);
    add(two, "/a", 0, "alpha", TROUPE_ENGINE_PHRASE);
    add(two, "/c", 0, "gamma", TROUPE_ENGINE_PHRASE);
    add(two, "/b", 0, "beta", TROUPE_ENGINE_PHRASE);
    const troupe_passages_t *lists[] = {one, NULL, two};
    troupe_passages_t *merged = NULL;
    double weights[] = {1, 0, 1};
    troupe_fuse_options_t options = troupe_fuse_options_default();
    options.weights = weights;
    cr_assert_eq(troupe_passages_fuse(lists, 3, &options, &merged), 0);
    cr_assert_eq(troupe_passages_count(merged), 3);
    const troupe_passage_t *first = troupe_passages_at(merged, 0);
    cr_assert_str_eq(first->path, "/a");
    cr_assert_float_eq(first->score, 1.0, 1e-9);
    cr_assert_eq(first->engines,
                 (1U << TROUPE_ENGINE_BM25) | (1U << TROUPE_ENGINE_PHRASE));
    /* b: second and third beats c: second alone. */
    cr_assert_str_eq(troupe_passages_at(merged, 1)->path, "/b");
    double k = options.k;
    cr_assert_float_eq(troupe_passages_at(merged, 1)->score,
                       ((k + 1) / (k + 2) + (k + 1) / (k + 3)) / 2, 1e-9);
    cr_assert_str_eq(troupe_passages_at(merged, 2)->path, "/c");
    cr_assert_eq(troupe_passages_at(merged, 2)->rank, 3);
    troupe_passages_destroy(&merged);
    troupe_passages_destroy(&one);
    troupe_passages_destroy(&two);
}

Test(fuse, near_duplicates_are_counted_once)
{
    static const char text[] =
        "The kill system call can be used to send any signal to any process "
        "group or process, and if pid is positive then signal sig is sent to "
        "the process with the ID specified by pid, if there is such a process "
        "and the sender has the permission to send a signal to it at all.";
    char near_by[sizeof text];
    memcpy(near_by, text, sizeof text);
    near_by[0] = 't'; /* case is no difference */
    troupe_passages_t *one = troupe_passages_new();
    add(one, "/a", 0, text, TROUPE_ENGINE_BM25);
    add(one, "/b", 9, near_by, TROUPE_ENGINE_BM25);
    add(one, "/c", 0,
        "Something else that is about as long as it has to be to"
        " be compared by its fingerprint and not by its bytes.",
        TROUPE_ENGINE_BM25);
    add(one, "/d", 0, text, TROUPE_ENGINE_BM25);
    /* The same text cut elsewhere, with other quotes and a new beginning. */
    char moved[2 * sizeof text];
    snprintf(moved, sizeof moved, "In other “words”: %.*s",
             (int) (sizeof text * 9 / 10), text);
    add(one, "/e", 4, moved, TROUPE_ENGINE_BM25);
    const troupe_passages_t *lists[] = {one};
    troupe_passages_t *merged = NULL;
    cr_assert_eq(troupe_passages_fuse(lists, 1, NULL, &merged), 0);
    cr_assert_eq(troupe_passages_count(merged), 2);
    cr_assert_str_eq(troupe_passages_at(merged, 0)->path, "/a");
    cr_assert_eq(troupe_passages_at(merged, 0)->duplicates, 3);
    cr_assert_str_eq(troupe_passages_at(merged, 1)->path, "/c");
    cr_assert_eq(troupe_passages_at(merged, 1)->duplicates, 0);
    troupe_passages_destroy(&merged);
    troupe_passages_destroy(&one);
}

Test(fuse, one_document_does_not_fill_the_list)
{
    troupe_passages_t *one = troupe_passages_new();
    static const char *const texts[] = {"aa", "bb", "cc", "dd", "ee"};
    for (size_t i = 0; i < 5; i++)
        add(one, "/same", i * 10, texts[i], TROUPE_ENGINE_BM25);
    add(one, "/other", 0, "zz", TROUPE_ENGINE_BM25);
    const troupe_passages_t *lists[] = {one};
    troupe_fuse_options_t options = troupe_fuse_options_default();
    options.per_document_max = 2;
    troupe_passages_t *merged = NULL;
    cr_assert_eq(troupe_passages_fuse(lists, 1, &options, &merged), 0);
    cr_assert_eq(troupe_passages_count(merged), 3);
    cr_assert_str_eq(troupe_passages_at(merged, 2)->path, "/other");
    troupe_passages_destroy(&merged);
    options.limit = 1;
    cr_assert_eq(troupe_passages_fuse(lists, 1, &options, &merged), 0);
    cr_assert_eq(troupe_passages_count(merged), 1);
    troupe_passages_destroy(&merged);
    troupe_passages_destroy(&one);
}

Test(fuse, options_out_of_range_are_refused_and_nothing_gives_nothing)
{
    troupe_passages_t *merged = NULL;
    troupe_fuse_options_t options = troupe_fuse_options_default();
    options.limit = 0;
    cr_assert_eq(troupe_passages_fuse(NULL, 0, &options, &merged), -EINVAL);
    options = troupe_fuse_options_default();
    options.k = -1;
    cr_assert_eq(troupe_passages_fuse(NULL, 0, &options, &merged), -EINVAL);
    options = troupe_fuse_options_default();
    double weights[] = {-1};
    options.weights = weights;
    const troupe_passages_t *lists[] = {NULL};
    cr_assert_eq(troupe_passages_fuse(lists, 1, &options, &merged), -EINVAL);
    weights[0] = 0;
    cr_assert_eq(troupe_passages_fuse(lists, 1, &options, &merged), -EINVAL);
    cr_assert_null(merged);
    cr_assert_eq(troupe_passages_fuse(NULL, 0, NULL, &merged), 0);
    cr_assert_eq(troupe_passages_count(merged), 0);
    troupe_passages_destroy(&merged);
}

Test(simhash, is_close_for_close_texts_and_far_for_others)
{
    static const char *const texts[] = {
        "Linux is a free operating system kernel which was first released in "
        "nineteen ninety one by Linus Torvalds and which is developed by "
        "thousands of people all over the world who send their changes",
        "Linux is a free operating system kernel which was first released in "
        "nineteen ninety one by Linus Torvalds and which is developed by "
        "thousands of people all over the world who mail their changes",
        "Debian is a distribution of free software that is known for its "
        "social contract, its policy and its large number of packages, which "
        "volunteers maintain for many architectures and for many years"};
    uint64_t hashes[3];
    for (size_t i = 0; i < 3; i++)
        hashes[i] = troupe_text_simhash(texts[i], strlen(texts[i]));
    int near_by = __builtin_popcountll(hashes[0] ^ hashes[1]);
    int far = __builtin_popcountll(hashes[0] ^ hashes[2]);
    cr_assert_leq(near_by, 12);
    cr_assert_geq(far, 16);
    cr_assert_lt(near_by, far);
}

/* Its counters are bytes that are emptied in time: 256 of one kind are many. */
Test(simhash, counts_more_words_than_a_byte_can)
{
    char text[2048] = "";
    uint64_t few = 0;
    for (size_t words = 1; words <= 400; words++) {
        memcpy(text + 5 * (words - 1), "many ", 6);
        uint64_t hash = troupe_text_simhash(text, 5 * words);
        few = words == 9 ? hash : few;
        cr_assert(words < 9 || hash == few, "%zu words", words);
    }
    cr_expect_neq(few, 0);
}

static troupe_passages_t *
through_the_wire(const troupe_passages_t *list)
{
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer packer;
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    cr_assert_eq(troupe__passages_pack(&packer, list), 0);
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t at = 0;
    cr_assert_eq(msgpack_unpack_next(&unpacked, buffer.data, buffer.size, &at),
                 MSGPACK_UNPACK_SUCCESS);
    cr_assert_eq(at, buffer.size);
    troupe_passages_t *copy = NULL;
    cr_assert_eq(troupe__passages_unpack(&unpacked.data, &copy), 0);
    msgpack_unpacked_destroy(&unpacked);
    msgpack_sbuffer_destroy(&buffer);
    return copy;
}

Test(passage_wire, a_list_comes_out_as_it_went_in)
{
    troupe_passages_t *list = troupe_passages_new();
    troupe_passage_t passage = {.path = "/päth",
                                .title = "T",
                                .heading = "A > B",
                                .text = "text \"x\"\n",
                                .start = (size_t) 1 << 33,
                                .end = ((size_t) 1 << 33) + 9,
                                .score = -0.125,
                                .rank = 7,
                                .engines = 5,
                                .duplicates = 2};
    cr_assert_eq(troupe_passages_add(list, &passage), 0);
    add(list, "", 0, "", TROUPE_ENGINE_BM25);
    troupe_passages_t *copy = through_the_wire(list);
    cr_assert_eq(troupe_passages_count(copy), 2);
    const troupe_passage_t *p = troupe_passages_at(copy, 0);
    cr_assert_str_eq(p->path, passage.path);
    cr_assert_str_eq(p->title, passage.title);
    cr_assert_str_eq(p->heading, passage.heading);
    cr_assert_str_eq(p->text, passage.text);
    cr_assert_eq(p->start, passage.start);
    cr_assert_eq(p->end, passage.end);
    cr_assert_float_eq(p->score, passage.score, 0);
    cr_assert_eq(p->rank, 7);
    cr_assert_eq(p->engines, 5);
    cr_assert_eq(p->duplicates, 2);
    troupe_passages_destroy(&copy);
    troupe_passages_destroy(&list);
}

/* Reads msgpack bytes; they are data from anywhere. */
static int
unpack(const char *bytes, size_t size)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t at = 0;
    cr_assert_eq(msgpack_unpack_next(&unpacked, bytes, size, &at),
                 MSGPACK_UNPACK_SUCCESS);
    troupe_passages_t *list = NULL;
    int rc = troupe__passages_unpack(&unpacked.data, &list);
    cr_assert((rc == 0) == (list != NULL));
    troupe_passages_destroy(&list);
    msgpack_unpacked_destroy(&unpacked);
    return rc;
}

#define UNPACK(bytes) unpack(bytes, sizeof bytes - 1)

Test(passage_wire, what_is_no_list_of_passages_is_refused)
{
    cr_assert_eq(UNPACK("\x90"), 0);
    cr_assert_eq(UNPACK("\x91\x80"), 0, "all keys may be missing");
    cr_assert_eq(UNPACK("\x91\x81\xa3new\x01"), 0, "new keys are passed over");
    cr_assert_eq(UNPACK("\x91\x81\xa5score\x03"), 0);
    cr_assert_eq(UNPACK("\x80"), -EBADMSG);
    cr_assert_eq(UNPACK("\x91\x01"), -EBADMSG);
    cr_assert_eq(UNPACK("\x91\x81\x01\x01"), -EBADMSG);
    cr_assert_eq(UNPACK("\x91\x81\xa4path\x01"), -EBADMSG);
    cr_assert_eq(UNPACK("\x91\x81\xa4text\xa1\xff"), -EBADMSG);
    cr_assert_eq(UNPACK("\x91\x82\xa4text\xa1\0\xa3"
                        "end\x01"),
                 -EBADMSG);
    cr_assert_eq(UNPACK("\x91\x81\xa4text\xa1x"), -EBADMSG, "range");
    cr_assert_eq(UNPACK("\x91\x82\xa4text\xa1x\xa3"
                        "end\x01"),
                 0);
    cr_assert_eq(UNPACK("\x91\x83\xa4text\xa1x\xa4text\xa1y\xa3"
                        "end\x01"),
                 0);
    cr_assert_eq(UNPACK("\x91\x81\xa5start\xff"), -EBADMSG);
    cr_assert_eq(UNPACK("\x91\x81\xa4rank\xcf\1\1\1\1\1\1\1\1"), -EBADMSG);
    cr_assert_eq(UNPACK("\x91\x81\xa5score\xcb\x7f\xf8\0\0\0\0\0\0"), -EBADMSG);
}
