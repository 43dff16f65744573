/* SPDX-License-Identifier: Apache-2.0 */
/* member.c: the control link of a node that is not the root. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mailbox/put.h"
#include "runtime/link.h"
#include "runtime/process.h"
#include "runtime/replica.h"
#include "runtime/settle.h"
#include "runtime/worker.h"

static void
say(struct troupe__link *self)
{
    (void) troupe__post_send(self->socket, NULL, self->out.data,
                             self->out.size);
    self->out.size = 0;
}

static void
set_state(struct troupe__link *self, enum troupe__link_state state)
{
    pthread_mutex_lock(&self->lock);
    self->state = state;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

void
troupe__member_hello(struct troupe__link *self)
{
    troupe__letter_write(&self->out, "[s,i,I,R,[s]]", "hello",
                         TROUPE__LINK_VERSION, (int64_t) self->node->regular,
                         self->agent, "system");
    say(self);
}

void
troupe__member_bye(struct troupe__link *self)
{
    troupe__letter_write(&self->out, "[s]", "bye");
    say(self);
}

/* What happens to a name before the root knows us waits; see link.c. */
void
troupe__member_note(struct troupe__link *self, const struct troupe__note *note)
{
    static const char *const verbs[] = {[NOTE_NAME] = "name",
                                        [NOTE_UNNAME] = "unname",
                                        [NOTE_JOIN] = "join",
                                        [NOTE_LEAVE] = "leave"};
    CHECK(note->kind <= NOTE_LEAVE || note->kind == NOTE_SETTLE);
    if (note->kind == NOTE_SETTLE)
        troupe__settle_write(self, note);
    else
        troupe__letter_write(&self->out, "[s,s,R]", verbs[note->kind],
                             note->text, note->ref);
    say(self);
}

static void
mark_live(struct troupe__link *self, uint32_t number, const char *name)
{
    uint64_t bit = UINT64_C(1) << number % 64;
    if (self->live[number / 64] & bit)
        return;
    self->live[number / 64] |= bit;
    troupe__tell_up(self, number, name);
}

/*
 * Who is new may send to us as soon as it lives, and wants an answer: so it can
 * be sent to from now on, though our actors hear of it when it lives.
 */
static int
on_up(struct troupe__link *self, const struct troupe__letter *letter)
{
    const char *verb = NULL, *name = NULL;
    uint64_t number = 0, workers = 0;
    int pid = 0;
    struct troupe__peer_facts facts = {0};
    bool is_live = false;
    if (troupe__letter_read(letter, "[s,U,s,i,U,R,b,b!]", &verb, &number, &name,
                            &pid, &workers, &facts.agent, &facts.system,
                            &is_live)
            < 0
        || number > TROUPE__PEER_MAX || workers > TROUPE__WORKER_MAX
        || !troupe__name_is_valid(name))
        return -EBADMSG;
    facts.number = (uint32_t) number;
    facts.workers = (uint32_t) workers;
    facts.pid = pid;
    snprintf(facts.name, sizeof facts.name, "%s", name);
    int rc = troupe__peer_admit(self->node, &facts);
    if (rc == 0)
        rc = troupe__peer_route(self->node, facts.number);
    if (rc == 0 && is_live)
        mark_live(self, facts.number, facts.name);
    troupe__letter_write(&self->out, "[s,U]", "known", number);
    say(self);
    return rc;
}

static int
on_live(struct troupe__link *self, const struct troupe__letter *letter)
{
    const char *verb = NULL;
    uint64_t number = 0;
    struct troupe__peer_facts facts;
    if (troupe__letter_read(letter, "[s,U!]", &verb, &number) < 0
        || number > TROUPE__PEER_MAX)
        return -EBADMSG;
    int rc = troupe__peer_facts(self->node, (uint32_t) number, &facts);
    if (rc == 0)
        mark_live(self, facts.number, facts.name);
    return rc;
}

static int
on_down(struct troupe__link *self, const struct troupe__letter *letter)
{
    const char *verb = NULL, *text = NULL;
    uint64_t number = 0;
    int kind = 0, code = 0;
    struct troupe__peer_facts facts;
    if (troupe__letter_read(letter, "[s,U,i,i,s!]", &verb, &number, &kind,
                            &code, &text)
            < 0
        || number > TROUPE__PEER_MAX || kind < 0
        || kind > TROUPE_EXIT_NOCONNECTION)
        return -EBADMSG;
    if (troupe__peer_facts(self->node, (uint32_t) number, &facts) < 0)
        return 0; /* it ended before we had heard of it */
    uint64_t bit = UINT64_C(1) << number % 64;
    bool was_live = self->live[number / 64] & bit;
    troupe_node_event_t event = {.name = facts.name,
                                 .number = facts.number,
                                 .was_ready = true,
                                 .is_permanent =
                                     kind == TROUPE_EXIT_ERROR
                                     && code == TROUPE__EXIT_PERMANENT,
                                 .reason = {(troupe_exit_t) kind, code, text}};
    self->live[number / 64] &= ~bit;
    troupe__peer_lost(self->node, facts.number, &event.reason);
    troupe__replica_purge(self, facts.number, NULL);
    if (was_live)
        troupe__tell_down(self, &event);
    return 0;
}

static int
on_welcome(struct troupe__link *self, const struct troupe__letter *letter)
{
    (void) letter;
    set_state(self, LINK_JOINED);
    troupe__letter_write(&self->out, "[s]", "ready");
    say(self);
    return 0;
}

static int
on_go(struct troupe__link *self, const struct troupe__letter *letter)
{
    (void) letter;
    set_state(self, LINK_LIVE);
    return 0;
}

static int
on_refused(struct troupe__link *self, const struct troupe__letter *letter)
{
    const char *verb = NULL, *why = NULL;
    int lowest = 0, highest = 0;
    if (troupe__letter_read(letter, "[s,s,i,i]", &verb, &why, &lowest, &highest)
        < 0)
        return -EBADMSG;
    troupe__log(
        self->node, TROUPE_LOG_ERROR,
        "the root refuses this node: %s; it speaks versions %d to %d of "
        "the link: build both from the same release",
        why, lowest, highest);
    set_state(self, LINK_REFUSED);
    return 0;
}

/* How many callbacks each worker has begun: what stands still may hang. */
static int
on_ping(struct troupe__link *self, const struct troupe__letter *letter)
{
    const char *verb = NULL;
    uint64_t ping = 0;
    troupe_t *node = self->node;
    if (troupe__letter_read(letter, "[s,U!]", &verb, &ping) < 0)
        return -EBADMSG;
    uint8_t head[5];
    struct troupe__buffer turns = {0};
    size_t size = troupe__write_head(head, 0, 0xdc, node->regular);
    troupe__buffer_put(&turns, head, size);
    for (uint32_t i = 0; i < node->regular; i++)
        troupe__put_uint(&turns, atomic_load(&node->workers[i]->callbacks));
    troupe__letter_write(&self->out, "[s,U,U,r,U]", "beat", ping,
                         (uint64_t) atomic_load(&node->watchdog_reports),
                         turns.data, turns.size,
                         (uint64_t) atomic_load(&node->hanging_ms));
    troupe__buffer_free(&turns);
    say(self);
    return 0;
}

static int
on_stop(struct troupe__link *self, const struct troupe__letter *letter)
{
    (void) letter;
    troupe_stop_request(self->node);
    return 0;
}

static int
on_name(struct troupe__link *self, const struct troupe__letter *letter)
{
    const char *verb = NULL, *name = NULL;
    troupe_ref_t ref = TROUPE_NOBODY;
    if (troupe__letter_read(letter, "[s,s,R!]", &verb, &name, &ref) < 0
        || !troupe__name_is_valid(name))
        return -EBADMSG;
    if (strcmp(verb, "named") == 0)
        troupe__replica_named(self, name, ref);
    else if (strcmp(verb, "name") == 0 || strcmp(verb, "unname") == 0)
        troupe__replica_name(self, verb[0] == 'n', name, ref);
    else
        troupe__replica_group(self, 0, verb[0] == 'j', name, ref);
    return 0;
}

static const struct {
    const char *verb;
    int (*hear)(struct troupe__link *self, const struct troupe__letter *letter);
} verbs[] = {{"ping", on_ping},   {"name", on_name},
             {"unname", on_name}, {"named", on_name},
             {"join", on_name},   {"leave", on_name},
             {"up", on_up},       {"live", on_live},
             {"down", on_down},   {"welcome", on_welcome},
             {"go", on_go},       {"refused", on_refused},
             {"stop", on_stop},   {"settled", troupe__settled_hear}};

/* The root's version is ours: what is not understood is our own mistake. */
void
troupe__member_hear(struct troupe__link *self,
                    const struct troupe__letter *letter)
{
    int rc = -EBADMSG;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(letter->verb, verbs[i].verb) == 0)
            rc = verbs[i].hear(self, letter);
    if (rc == 0)
        return;
    atomic_fetch_add(&self->bad_count, 1);
    troupe__link_complain(self, &self->bad,
                          "the root said '%s', which was not understood: %s",
                          letter->verb, troupe_strerror(rc));
}
