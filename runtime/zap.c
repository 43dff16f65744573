/* SPDX-License-Identifier: Apache-2.0 */
/* zap.c: who is let in at the doors of a node. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/hub.h"
#include "runtime/worker.h"

/* Takes the same time whatever the text is: both have room for all of it. */
static bool
knows_the_secret(const struct troupe__link *self,
                 const struct troupe__knock *knock)
{
    char secret[TROUPE__PASSWORD_MAX + 1] = "";
    unsigned char differs = 0;
    troupe__secret_text(&self->node->peers->self, secret);
    for (size_t i = 0; i < sizeof secret; i++)
        differs |= (unsigned char) (secret[i] ^ knock->password[i]);
    explicit_bzero(secret, sizeof secret);
    return differs == 0;
}

/* Of a node ("7"), or of one of its workers ("7.0"); 0: it is neither. */
static uint32_t
number_of(const char *user, bool of_worker)
{
    char *end = NULL;
    if (user[0] < '1' || user[0] > '9')
        return 0;
    unsigned long number = strtoul(user, &end, 10);
    if (of_worker) {
        if (end[0] != '.' || end[1] < '0' || end[1] > '9')
            return 0;
        (void) strtoul(end + 1, &end, 10);
    }
    return *end == '\0' && number <= TROUPE__PEER_MAX ? (uint32_t) number : 0;
}

/*
 * Secret and number a process has from the root alone, but it could pass them
 * on: so the process must also be the one that the number was given to, as the
 * kernel says.
 */
static enum troupe__verdict
judge(struct troupe__link *self, const struct troupe__knock *knock)
{
    bool is_data = strcmp(knock->domain, "data") == 0;
    uint32_t number = number_of(knock->user, is_data);
    if (!knows_the_secret(self, knock) || number == 0 || knock->uid != geteuid()
        || knock->pid <= 0)
        return TROUPE__TURN_AWAY;
    if (self->hub && strcmp(knock->domain, "hub") == 0)
        return troupe__hub_judge(self->hub, number, knock->pid);
    if (!is_data)
        return TROUPE__TURN_AWAY;
    if (troupe__peer_grants(self->node, number, knock->pid))
        return TROUPE__LET_IN;
    /* Where we were too slow to say that we know it, it was not waited for. */
    bool is_new =
        atomic_load(&self->node->peers->all[number].state) == PEER_NONE;
    return is_new ? TROUPE__NOT_YET : TROUPE__TURN_AWAY;
}

/* --- those who wait ---------------------------------------------------------*/

/*
 * Of whom this node is about to hear: by the note of its start, or by "up". Who
 * is told "not yet" tries again only when its hand-shake has taken 2 s; so the
 * answer waits as long as that, and is nearly always there sooner. Only who has
 * the secret gets here.
 */
enum { HELD_MAX = 64 };
#define HELD_NS UINT64_C(2000000000)

struct troupe__held {
    struct troupe__knock knocks[HELD_MAX];
    uint64_t until[HELD_MAX]; /* ns */
};

static void
answer(struct troupe__link *self, struct troupe__knock *knock,
       enum troupe__verdict verdict)
{
    troupe__gate_answer(self->gate, knock, verdict);
    explicit_bzero(knock->password, sizeof knock->password);
    if (verdict != TROUPE__TURN_AWAY)
        return;
    atomic_fetch_add(&self->denied_count, 1);
    troupe__link_complain(self, &self->denied,
                          "process %d of user %u was turned away at the "
                          "door \"%s\"",
                          (int) knock->pid, (unsigned) knock->uid,
                          knock->domain);
}

void
troupe__doors_knock(struct troupe__link *self, struct troupe__knock *knock)
{
    enum troupe__verdict verdict = judge(self, knock);
    uint32_t count = atomic_load(&self->held_count);
    if (verdict != TROUPE__NOT_YET || count == HELD_MAX) {
        answer(self, knock, verdict);
        return;
    }
    if (!self->held)
        self->held = troupe__alloc(sizeof *self->held);
    self->held->knocks[count] = *knock;
    self->held->until[count] = troupe__real_ns() + HELD_NS;
    explicit_bzero(knock->password, sizeof knock->password);
    atomic_store(&self->held_count, count + 1);
}

void
troupe__doors_tend(struct troupe__link *self)
{
    uint32_t count = atomic_load(&self->held_count), kept = 0;
    uint64_t now = count > 0 ? troupe__real_ns() : 0;
    for (uint32_t i = 0; i < count; i++) {
        struct troupe__knock *knock = &self->held->knocks[i];
        enum troupe__verdict verdict = judge(self, knock);
        if (verdict == TROUPE__NOT_YET && now < self->held->until[i]) {
            self->held->knocks[kept] = *knock;
            self->held->until[kept++] = self->held->until[i];
        } else {
            answer(self, knock, verdict);
        }
    }
    atomic_store(&self->held_count, kept);
}

void
troupe__doors_free(struct troupe__link *self)
{
    if (self->held)
        explicit_bzero(self->held, sizeof *self->held);
    free(self->held);
}
