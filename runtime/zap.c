/* SPDX-License-Identifier: Apache-2.0 */
/* zap.c: who is let in at the doors of a node. */
#include <stdlib.h>
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
enum troupe__verdict
troupe__judge(struct troupe__link *self, const struct troupe__knock *knock)
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
