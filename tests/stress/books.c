/* SPDX-License-Identifier: Apache-2.0 */
/* books.c: what all actors of a run did together, and in which order. */
#include "stress/books.h"

#include <string.h>
#include <time.h>

struct books books;
bool books_hesitate;

/* In turn, so that a ticket is not drawn again soon after it was closed. */
enum { TICKETS = 1 << 18 };
static ticket_t tickets[TICKETS];
static _Atomic uint32_t next_ticket;

void
books_open(void)
{
    memset(&books, 0, sizeof books);
    memset((void *) tickets, 0, sizeof tickets);
    next_ticket = 0;
}

ticket_t *
ticket_draw(uint32_t incarnation)
{
    for (;;) {
        ticket_t *ticket = &tickets[next_ticket++ % TICKETS];
        uint32_t nobody = 0;
        if (atomic_compare_exchange_strong(ticket, &nobody, incarnation))
            return ticket;
    }
}

uint32_t
ticket_close(ticket_t *ticket)
{
    uint32_t incarnation = atomic_exchange(ticket, 0);
    books.twice += incarnation == 0;
    return incarnation;
}

void
story_add(uint64_t word)
{
    books.story = (books.story ^ word) * UINT64_C(0x100000001b3);
    books.story ^= books.story >> 29;
}

/* Longer than an actor's share of a turn. */
static void
hesitate(void)
{
    struct timespec since, now;
    clock_gettime(CLOCK_MONOTONIC, &since);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - since.tv_sec) * 1000000000 + now.tv_nsec
           < since.tv_nsec + 2000000);
}

void
enter(troupe_context_t *ctx, char what, uint64_t detail)
{
    if (++books.callbacks % 64 == 0 && books_hesitate)
        hesitate();
    story_add((uint64_t) what << 32 | troupe_incarnation(ctx));
    story_add(troupe_self(ctx).id);
    story_add(troupe_time_ns(ctx));
    story_add(detail);
}

int
leave(int rc)
{
    books.failed += rc < 0;
    story_add((uint64_t) (int64_t) rc);
    return rc;
}

uint64_t
asks_ended(void)
{
    uint64_t ended = books.dropped;
    for (int i = TROUPE_REPLY; i <= TROUPE_CANCELLED; i++)
        ended += books.outcomes[i];
    return ended;
}
