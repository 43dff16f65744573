/* SPDX-License-Identifier: Apache-2.0 */
/* books.c: what each process of a storm asked, in memory that outlives it. */
#include "storm/books.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

struct books *books;
struct sheet *sheet;

/* Of this process: the serial number of the ask that a place stands for. */
enum { TICKETS = 1 << 16 };
static struct {
    _Atomic uint64_t serial; /* 0: free */
    uint32_t incarnation;
} tickets[TICKETS];
static _Atomic uint64_t serials;

int
books_open(const char *path, bool anew)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | (anew ? O_CREAT | O_EXCL : 0),
                  S_IRUSR | S_IWUSR);
    if (fd < 0)
        return -errno;
    int rc = anew && ftruncate(fd, sizeof *books) < 0 ? -errno : 0;
    void *memory =
        mmap(NULL, sizeof *books, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (rc < 0 || memory == MAP_FAILED)
        return rc < 0 ? rc : -ENOMEM;
    books = memory;
    uint32_t index = books->count++;
    if (index >= SHEETS)
        return -ENOSPC;
    sheet = &books->sheets[index];
    sheet->pid = getpid();
    return 0;
}

uint64_t
sheet_ended(const struct sheet *one)
{
    uint64_t ended = one->dropped;
    for (int i = TROUPE_REPLY; i <= TROUPE_CANCELLED; i++)
        ended += one->outcomes[i];
    return ended;
}

void *
ticket_draw(uint32_t incarnation)
{
    for (;;) {
        uint64_t serial = ++serials, nobody = 0;
        if (!atomic_compare_exchange_strong(&tickets[serial % TICKETS].serial,
                                            &nobody, serial))
            continue;
        tickets[serial % TICKETS].incarnation = incarnation;
        return (void *) (uintptr_t) serial;
    }
}

static bool
take(void *ticket)
{
    uint64_t serial = (uint64_t) (uintptr_t) ticket, there = serial;
    return atomic_compare_exchange_strong(&tickets[serial % TICKETS].serial,
                                          &there, 0);
}

void
ticket_close(void *ticket, uint32_t incarnation)
{
    uint32_t asker =
        tickets[(uint64_t) (uintptr_t) ticket % TICKETS].incarnation;
    if (!take(ticket))
        sheet->twice++;
    else
        sheet->stale += asker != incarnation;
}

void
ticket_drop(void *ticket)
{
    if (!take(ticket))
        sheet->twice++;
    sheet->dropped++;
}

void
ticket_tear(void *ticket)
{
    if (!take(ticket))
        sheet->twice++;
}
