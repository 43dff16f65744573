/* SPDX-License-Identifier: Apache-2.0 */
/* test_journal.c: what is told to be on the disk is there, whatever comes. */
#include <criterion/criterion.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actors/journal.h"
#include "scratch_dir.h"
#include "troupe_gather.h"
#include "troupe_journal.h"
#include "troupe_thread.h"

#define WAIT_MS 30000

static struct scratch_dir dir;
static const char *path;

static void
begin(void)
{
    scratch_dir_make(&dir);
    path = strdup(scratch_dir_path(&dir, "journal.db"));
}

static void
end(void)
{
    free((void *) (uintptr_t) path);
    scratch_dir_remove(&dir);
}

TestSuite(journal, .init = begin, .fini = end, .timeout = 60);

static troupe_journal_t *
opened(troupe_journal_mode_t mode)
{
    troupe_journal_t *journal = NULL;
    troupe_journal_error_t error;
    int rc = troupe_journal_open(path, mode, &journal, &error);
    cr_assert_eq(rc, 0, "%s", error.text);
    cr_assert_str_empty(error.text);
    return journal;
}

static int
refused(troupe_journal_mode_t mode, const char *words)
{
    troupe_journal_t *journal = NULL;
    troupe_journal_error_t error;
    int rc = troupe_journal_open(path, mode, &journal, &error);
    cr_assert_null(journal);
    cr_assert_not_null(strstr(error.text, words), "%s", error.text);
    cr_assert_not_null(strstr(error.text, path), "%s", error.text);
    return rc;
}

static void
append_one(troupe_journal_t *journal, const char *key, const char *state)
{
    troupe_journal_entry_t entry = {.what = TROUPE_JOURNAL_DONE,
                                    .key = key,
                                    .state = state,
                                    .attempt = 1,
                                    .value = state,
                                    .value_size = strlen(state)};
    cr_assert_eq(troupe_journal_append(journal, &entry, 1), 0);
}

/* The keys of a fold, one behind the other. */
static int
take_key(void *data, const troupe_journal_entry_t *entry)
{
    char *keys = data;
    cr_assert_lt(strlen(keys) + strlen(entry->key), 200);
    strcat(keys, entry->key);
    cr_assert_gt(entry->at_ms, INT64_C(1600000000000));
    return strcmp(entry->key, "stop") == 0 ? 7 : 0;
}

Test(journal, says_what_was_written_in_order)
{
    char keys[256] = "";
    troupe_journal_entry_t entry;
    troupe_journal_t *journal = opened(TROUPE_JOURNAL_CREATE);
    troupe_journal_entry_t two[] = {
        {.what = TROUPE_JOURNAL_STARTED, .key = "a"},
        {.what = TROUPE_JOURNAL_DONE,
         .key = "a",
         .state = "failed",
         .ms = 2.5,
         .attempt = 3,
         .value = "x\0y",
         .value_size = 3}};
    cr_assert_eq(troupe_journal_append(journal, two, 2), 0);
    append_one(journal, "b", "ok");
    append_one(journal, "a", "ok");
    cr_assert_eq(troupe_journal_fold(journal, 0, take_key, keys), 0);
    cr_assert_str_eq(keys, "aaba");
    troupe_journal_destroy(&journal);
    cr_assert_null(journal);

    journal = opened(TROUPE_JOURNAL_RESUME);
    cr_assert_eq(troupe_journal_find(journal, "a", &entry), 0);
    cr_assert_str_eq(entry.state, "ok");
    cr_assert_eq(troupe_journal_find(journal, "b", &entry), 0);
    cr_assert_eq(entry.value_size, 2);
    cr_assert_eq(troupe_journal_find(journal, "c", &entry), -ENOENT);
    append_one(journal, "stop", "ok");
    append_one(journal, "more", "ok");
    keys[0] = '\0';
    cr_assert_eq(
        troupe_journal_fold(journal, TROUPE_JOURNAL_DONE, take_key, keys), 7);
    cr_assert_str_eq(keys, "abastop");
    troupe_journal_destroy(&journal);
}

Test(journal, keeps_texts_by_name)
{
    troupe_journal_t *journal = opened(TROUPE_JOURNAL_CREATE);
    cr_assert_null(troupe_journal_get(journal, "state"));
    cr_assert_eq(troupe_journal_set(journal, "state", "begun"), 0);
    cr_assert_eq(troupe_journal_set(journal, "state", "finished"), 0);
    char *text = troupe_journal_get(journal, "state");
    cr_assert_str_eq(text, "finished");
    free(text);
    troupe_journal_destroy(&journal);
}

Test(journal, has_one_writer_and_any_number_of_readers)
{
    char pid[32];
    snprintf(pid, sizeof pid, "process %d", (int) getpid());
    troupe_journal_t *journal = opened(TROUPE_JOURNAL_CREATE);
    append_one(journal, "a", "ok");
    cr_assert_eq(refused(TROUPE_JOURNAL_RESUME, pid), -EBUSY);
    troupe_journal_t *reader = opened(TROUPE_JOURNAL_READ);
    append_one(journal, "b", "ok");
    char keys[256] = "";
    cr_assert_eq(troupe_journal_fold(reader, 0, take_key, keys), 0);
    cr_assert_str_eq(keys, "ab");
    troupe_journal_entry_t entry = {.what = TROUPE_JOURNAL_DONE, .key = "c"};
    cr_assert_eq(troupe_journal_append(reader, &entry, 1), -EPERM);
    troupe_journal_destroy(&reader);
    troupe_journal_destroy(&journal);
    journal = opened(TROUPE_JOURNAL_RESUME); /* the lock is gone with it */
    troupe_journal_destroy(&journal);
}

Test(journal, a_wrong_file_is_named_with_its_cure)
{
    cr_assert_eq(refused(TROUPE_JOURNAL_RESUME, "there is none"), -ENOENT);
    troupe_journal_t *journal = opened(TROUPE_JOURNAL_CREATE);
    cr_assert_eq(troupe__journal_exec(journal, "PRAGMA user_version = 9"), 0);
    cr_assert_eq(refused(TROUPE_JOURNAL_CREATE, "there is one"), -EEXIST);
    troupe_journal_destroy(&journal);
    cr_assert_eq(refused(TROUPE_JOURNAL_RESUME, "another version"), -EPROTO);
    scratch_dir_write(&dir, "journal.db",
                      "this is no database at all, "
                      "however long you look at it\n");
    cr_assert_eq(refused(TROUPE_JOURNAL_RESUME, "start the run anew"),
                 -EBADMSG);
    scratch_dir_write(&dir, "journal.db", "");
    cr_assert_eq(refused(TROUPE_JOURNAL_RESUME, "no journal"), -EBADMSG);
}

static int
count_key(void *data, const troupe_journal_entry_t *entry)
{
    (void) entry;
    ++*(int *) data;
    return 0;
}

/* Damage in the middle is found where it is read. */
Test(journal, a_damaged_page_ends_the_fold_with_words)
{
    troupe_journal_t *journal = opened(TROUPE_JOURNAL_CREATE);
    char key[16], zeros[4096];
    cr_assert_eq(troupe__journal_begin(journal), 0);
    for (int i = 0; i < 2000; i++) {
        troupe_journal_entry_t entry = {.what = TROUPE_JOURNAL_DONE,
                                        .key = key};
        snprintf(key, sizeof key, "%d", i);
        cr_assert_eq(troupe__journal_insert(journal, &entry), 0);
    }
    cr_assert_eq(troupe__journal_commit(journal), 0);
    troupe_journal_destroy(&journal);
    FILE *file = fopen(path, "r+be");
    memset(zeros, 0xa5, sizeof zeros);
    for (long page = 4; page < 12; page++) {
        fseek(file, page * 4096, SEEK_SET);
        fwrite(zeros, 1, sizeof zeros, file);
    }
    fclose(file);
    journal = opened(TROUPE_JOURNAL_READ);
    int seen = 0;
    int rc = troupe_journal_fold(journal, 0, count_key, &seen);
    cr_assert_eq(rc, -EBADMSG);
    cr_assert_not_null(strstr(troupe_journal_words(journal), "damaged"));
    troupe_journal_destroy(&journal);
}

/* SQLite says of its own bound what it says of a full disk. */
Test(journal, a_full_disk_is_an_error_and_nothing_by_halves)
{
    static char large[65536];
    troupe_journal_t *journal = opened(TROUPE_JOURNAL_CREATE);
    append_one(journal, "a", "ok");
    cr_assert_eq(troupe__journal_exec(journal, "PRAGMA max_page_count = 12"),
                 0);
    troupe_journal_entry_t two[] = {{.what = TROUPE_JOURNAL_DONE, .key = "b"},
                                    {.what = TROUPE_JOURNAL_DONE,
                                     .key = "c",
                                     .value = large,
                                     .value_size = sizeof large}};
    cr_assert_eq(troupe_journal_append(journal, two, 2), -ENOSPC);
    cr_assert_not_null(strstr(troupe_journal_words(journal), "disk is full"));
    troupe_journal_entry_t entry;
    cr_assert_eq(troupe_journal_find(journal, "b", &entry), -ENOENT);
    cr_assert_eq(troupe_journal_find(journal, "a", &entry), 0);
    cr_assert_eq(troupe__journal_exec(journal, "PRAGMA max_page_count = 4096"),
                 0);
    cr_assert_eq(troupe_journal_append(journal, two, 2), 0);
    troupe_journal_destroy(&journal);
}

Test(journal, refuses_entries_that_are_none)
{
    char long_key[1100];
    memset(long_key, 'k', sizeof long_key - 1);
    long_key[sizeof long_key - 1] = '\0';
    troupe_journal_t *journal = opened(TROUPE_JOURNAL_CREATE);
    const troupe_journal_entry_t bad[] = {
        {.what = 0, .key = "a"},
        {.what = TROUPE_JOURNAL_DONE},
        {.what = TROUPE_JOURNAL_DONE, .key = ""},
        {.what = TROUPE_JOURNAL_DONE, .key = "\xff"},
        {.what = TROUPE_JOURNAL_DONE, .key = long_key},
        {.what = TROUPE_JOURNAL_DONE,
         .key = "a",
         .state = "a state of more than 31 bytes, which none has"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_eq(troupe_journal_append(journal, &bad[i], 1), -EINVAL);
    append_one(journal, "a", "ok");
    troupe_journal_destroy(&journal);
}

/* A process that appends and tells what it was told is on the disk. */
static void
write_until_killed(int told)
{
    troupe_journal_t *journal = NULL;
    troupe_journal_mode_t mode =
        access(path, F_OK) == 0 ? TROUPE_JOURNAL_RESUME : TROUPE_JOURNAL_CREATE;
    if (troupe_journal_open(path, mode, &journal, NULL) < 0)
        _exit(1);
    for (int i = 0;; i++) {
        char keys[2][32];
        troupe_journal_entry_t two[2];
        for (int k = 0; k < 2; k++) {
            snprintf(keys[k], sizeof keys[k], "%d-%d-%d", (int) getpid(), i, k);
            two[k] = (troupe_journal_entry_t){
                .what = TROUPE_JOURNAL_DONE, .key = keys[k], .state = "ok"};
        }
        if (troupe_journal_append(journal, two, 2) < 0)
            _exit(2);
        if (write(told, &i, sizeof i) != sizeof i)
            _exit(3);
    }
}

static void
kill_one(int after)
{
    int ends[2], last = -1;
    troupe_journal_entry_t entry;
    cr_assert_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        write_until_killed(ends[1]);
    }
    close(ends[1]);
    for (int i = 0; i < after; i++)
        cr_assert_eq(read(ends[0], &last, sizeof last), sizeof last);
    kill(pid, SIGKILL);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
    while (read(ends[0], &last, sizeof last) == sizeof last)
        continue;
    close(ends[0]);
    troupe_journal_t *journal = opened(TROUPE_JOURNAL_RESUME);
    for (int i = 0; i <= last + 1; i++) {
        int found[2];
        for (int k = 0; k < 2; k++) {
            char key[32];
            snprintf(key, sizeof key, "%d-%d-%d", (int) pid, i, k);
            found[k] = troupe_journal_find(journal, key, &entry);
            cr_assert(i > last || found[k] == 0, "%s was lost", key);
        }
        cr_assert_eq(found[0], found[1], "one of two is there");
    }
    troupe_journal_destroy(&journal);
}

Test(journal, what_was_told_survives_a_kill)
{
    for (int after = 1; after < 40; after += 9)
        kill_one(after);
}

Test(journal, many_actors_write_at_once)
{
    enum { COUNT = 200 };
    troupe_t *node = NULL;
    troupe_ref_t targets[COUNT];
    troupe_gather_t *all = NULL;
    troupe_message_t *reply = NULL;
    const char *state = NULL;
    cr_assert_eq(troupe_new(NULL, &node), 0);
    troupe_spawn_options_t place = {.place = TROUPE_OWN_THREAD};
    cr_assert_eq(troupe_node_spawn(node, &troupe_journal_actor, &place,
                                   &targets[0], "{s:s, s:i}", "path", path,
                                   "mode", TROUPE_JOURNAL_CREATE),
                 0);
    for (int i = 1; i < COUNT; i++)
        targets[i] = targets[0];
    troupe_gather_options_t options = {.timeout_ms = WAIT_MS};
    cr_assert_eq(troupe_node_gather(node, targets, COUNT, "append", &options,
                                    &all, "{s:[{s:s, s:s, s:i, s:f, s:B}]}",
                                    "entries", "key", "k", "state", "ok",
                                    "attempt", 2, "ms", 1.5, "value", "v",
                                    (size_t) 1),
                 0);
    cr_assert(all->met, "%s", all->why);
    troupe_gather_destroy(&all);
    cr_assert_eq(troupe_node_ask(node, targets[0], "append", WAIT_MS, NULL,
                                 "{s:[{s:s}, {s:i}]}", "entries", "key", "good",
                                 "what", 3),
                 -EBADMSG);
    cr_assert_eq(troupe_node_ask(node, targets[0], "find", WAIT_MS, NULL,
                                 "{s:s}", "key", "good"),
                 -ENOENT);
    cr_assert_eq(troupe_node_ask(node, targets[0], "find", WAIT_MS, &reply,
                                 "{s:s}", "key", "k"),
                 0);
    cr_assert_eq(troupe_unpack(reply, "{s:s}", "state", &state), 0);
    cr_assert_str_eq(state, "ok");
    troupe_message_destroy(&reply);
    cr_assert_eq(troupe_node_ask(node, targets[0], "set", WAIT_MS, NULL,
                                 "{s:s, s:s}", "name", "n", "text", "t"),
                 0);
    cr_assert_eq(troupe_node_ask(node, targets[0], "get", WAIT_MS, &reply,
                                 "{s:s}", "name", "n"),
                 0);
    troupe_message_destroy(&reply);
    cr_assert_eq(troupe_destroy(&node), 0);
    troupe_journal_t *journal = opened(TROUPE_JOURNAL_RESUME);
    char keys[256] = "";
    cr_assert_eq(troupe__journal_exec(journal, "DELETE FROM entry "
                                               "WHERE id > 3"),
                 0);
    cr_assert_eq(troupe_journal_fold(journal, 0, take_key, keys), 0);
    cr_assert_str_eq(keys, "kkk");
    troupe_journal_destroy(&journal);
}
