/* SPDX-License-Identifier: Apache-2.0 */
/* world.h: the node of a test, notes of what happened, a way into actors. */
#ifndef TROUPE_TESTS_RUNTIME_WORLD_H
#define TROUPE_TESTS_RUNTIME_WORLD_H

#include "troupe.h"

/* The node of the test that runs: two workers, its clock moved by hand. */
extern troupe_t *node;

/* Before and after each test of a suite. */
void world_begin(void);
void world_end(void);

/* world_options: what world_begin starts `node` with. */
troupe_options_t world_options(void);

/* world_reopen: another node instead of the one that world_begin started. */
void world_reopen(const troupe_options_t *options);

void settle(void);
void advance(uint32_t by_ms);

/* note: remember a line; threads: any. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* notes: settle, then all lines since the last call, joined by ", ". */
const char *notes(void);

/* notes_after: wait until there are so many, then all; without settling. */
const char *notes_after(int count);

/* assert_notes: that the notes are these; needs criterion.h. */
#define assert_notes(wanted)                                                   \
    do {                                                                       \
        const char *noted = notes();                                           \
        cr_assert_str_eq(noted, wanted, "got %s", noted);                      \
    } while (0)

/* logged: how many log lines held `text`. */
int logged(const char *text);

/* Runs on an actor's worker as a part of its handler. */
typedef int (*inside_fn)(troupe_context_t *ctx, void *arg);

/*
 * A probe notes every message by its type (and number or text, if any), and
 * runs functions that a test hands it. A noisy one notes its start, its stop
 * and every event too; `trap` makes exits into messages.
 */
extern const troupe_kind_t probe, noisy, trapping;

troupe_ref_t probe_new(void);
troupe_ref_t probe_on(uint32_t worker);
troupe_ref_t spawn(const troupe_kind_t *kind,
                   const troupe_spawn_options_t *options);

/* inside: run `call` in a probe and wait; returns what it returned. */
int inside(troupe_ref_t ref, inside_fn call, void *arg);

/* inside_later: the same without waiting: what it returns, the handler does. */
void inside_later(troupe_ref_t ref, inside_fn call, void *arg);

/* do_inside: the handler of "do" for kinds of a test's own. */
int do_inside(troupe_context_t *ctx, void *state, const troupe_message_t *msg);

/* note_message: a handler that notes type and body. */
int note_message(troupe_context_t *ctx, void *state,
                 const troupe_message_t *msg);

/* note_answer: an answer callback that notes outcome, code, data or body. */
int note_answer(troupe_context_t *ctx, void *state,
                const troupe_answer_t *answer);

/* tell: a message from this thread, which must succeed. */
void tell(troupe_ref_t to, const char *type);

/* end_actor: end an actor from this thread, and wait until it is gone. */
void end_actor(troupe_ref_t ref, troupe_exit_t kind);

troupe_actor_stats_t stats_of(troupe_ref_t ref);
troupe_node_stats_t node_stats(void);

/* dead: how many of the remembered dead letters have that reason. */
int dead(troupe_dead_t why);

/* alive: whether the actor is there. */
bool alive(troupe_ref_t ref);

#endif
