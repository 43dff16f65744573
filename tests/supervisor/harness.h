/* SPDX-License-Identifier: Apache-2.0 */
/* harness.h: a node under a manual clock, and actors that do as told. */
#ifndef TROUPE_TESTS_SUPERVISOR_HARNESS_H
#define TROUPE_TESTS_SUPERVISOR_HARNESS_H

#include <troupe.h>

/*
 * Each test has a node of its own with two workers and a clock that moves by
 * world_advance() only. Actors write what happens to them into one journal;
 * a test lets things come to rest and then reads it.
 */
void world_begin(void);
void world_end(void);

/* Another node instead, whose clock is real: for what never comes to rest. */
void world_begin_real(void);
troupe_t *world_node(void);

/* Wait until nothing moves any more. */
void world_settle(void);
void world_advance(uint32_t by_ms);

/* A line for the journal; from any thread. */
void journal_add(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The journal holds these lines, ", " between them, in this order; then it is
 * empty again. */
#define EXPECT_JOURNAL(lines)                                                  \
    do {                                                                       \
        char journal_text[4096];                                               \
        journal_take(journal_text, sizeof journal_text);                       \
        cr_assert_str_eq(journal_text, (lines), "journal: %s, not: %s",        \
                         journal_text, (lines));                               \
    } while (0)

/* The same when the order is left open. */
#define EXPECT_JOURNAL_SORTED(lines)                                           \
    do {                                                                       \
        char journal_text[4096];                                               \
        journal_sort();                                                        \
        journal_take(journal_text, sizeof journal_text);                       \
        cr_assert_str_eq(journal_text, (lines), "journal: %s, not: %s",        \
                         journal_text, (lines));                               \
    } while (0)

void journal_sort(void);
void journal_take(char *text, size_t size);
/* How many lines are equal to this one. */
int journal_count(const char *line);

enum stop_way {
    STOP_OBEYS,
    STOP_REFUSES,
    STOP_NORMALLY,
    STOP_FAILS,
    STOP_LATE
};

/* What an actor of that id does from now on; 0: nothing special. */
struct script {
    char id[32];
    int start_fails;   /* so many starts fail with -EIO */
    int start_ignores; /* so many starts ignore */
    int start_hangs;   /* so many starts never get done */
    enum stop_way stop;
    uint32_t stop_after_ms; /* for STOP_LATE */
};

/* The script of an id, to be read and changed while nothing moves. */
struct script *script_of(const char *id);

/*
 * Kinds for children. Both are started with their id; they journal "start id"
 * and "stop id". `plain` does nothing about exits; `trapping` follows its
 * script, and journals "exit id". Messages that both know:
 *   crash  fail with -EIO            done   end normally
 *   quit   end with shutdown         ping   answer with the incarnation
 *   poison fail when its text is "bad", else answer
 *   wait   defer, never answer       go     answer what was deferred
 *   block  wait for harness_unblock() inside the handler
 */
extern const troupe_kind_t plain;
extern const troupe_kind_t trapping;

/* Wait for it in a handler. */
void harness_block(void);
void harness_unblock(void);

/* harness_wait_blocked: until somebody is in harness_block(). */
void harness_wait_blocked(void);
void scripts_clear(void);
/* True when the test is over: nobody refuses to stop any more. */
bool harness_is_ending(void);

/* A spec of `plain` without back-off; its memory is the harness's. */
troupe_child_spec_t child_of(const char *id);

/* Start a supervisor; it must succeed. */
troupe_ref_t start_supervisor(const troupe_supervisor_options_t *options,
                              const troupe_child_spec_t *specs, size_t count);

/* One with intensity 1000 of this strategy over children of these ids. */
troupe_ref_t start_group(troupe_strategy_t strategy, const char *const ids[],
                         size_t count);

/* Call a supervisor from an actor: the code of its answer, and the answer. */
int ask_supervisor(troupe_ref_t supervisor,
                   const troupe_child_request_t *request,
                   troupe_message_t **ret_reply);

/* The same without waiting: journals "<id>: <code>" when it is answered. */
void call_later(troupe_ref_t supervisor, troupe_child_verb_t verb,
                const char *id);

void tell(troupe_ref_t to, const char *verb);
void tell_text(troupe_ref_t to, const char *verb, const char *text);
void kill_actor(troupe_ref_t to);
void shut_down(troupe_ref_t supervisor);

/* Journal "down <label> <exit>" when the present incarnation ends. */
void watch(troupe_ref_t target, const char *label);

troupe_ref_t ref_of(troupe_ref_t supervisor, const char *id);
troupe_child_status_t status_of(troupe_ref_t supervisor, const char *id);
bool is_alive(troupe_ref_t ref);
uint32_t incarnation_of(troupe_ref_t ref);
/* Log lines of the node that hold this text. */
int log_count(const char *text);

#define EXPECT_COUNTS(supervisor, specs_, active_, supervisors_, workers_)     \
    do {                                                                       \
        troupe_child_counts_t counts_;                                         \
        cr_assert_eq(troupe_supervisor_count_children(world_node(),            \
                                                      (supervisor), &counts_), \
                     0);                                                       \
        cr_assert_eq(counts_.specs, (uint32_t) (specs_));                      \
        cr_assert_eq(counts_.active, (uint32_t) (active_));                    \
        cr_assert_eq(counts_.supervisors, (uint32_t) (supervisors_));          \
        cr_assert_eq(counts_.workers, (uint32_t) (workers_));                  \
    } while (0)

#endif
