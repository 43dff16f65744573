/* SPDX-License-Identifier: Apache-2.0 */
/* research_flags.c: passages that give orders are kept from the analysers. */
#include <stdlib.h>
#include <string.h>

#include "actors/injection.h"
#include "actors/passage.h"
#include "actors/research_run.h"
#include "mailbox/check.h"

const char *
troupe_passage_flag(const troupe_passage_t *passage, size_t *ret_start,
                    size_t *ret_end)
{
    CHECK(passage && ret_start && ret_end);
    size_t start = 0, end = passage->end - passage->start;
    const char *reason =
        troupe__injection_find(passage->text, end, &start, &end);
    size_t unused = 0;
    if (!reason) /* then all of it stands below that */
        reason = troupe__injection_find(passage->title, strlen(passage->title),
                                        &unused, &unused);
    if (!reason)
        reason = troupe__injection_find(
            passage->heading, strlen(passage->heading), &unused, &unused);
    if (reason) {
        *ret_start = passage->start + start;
        *ret_end = passage->start + end;
    }
    return reason;
}

void
troupe__run_flag(struct run *run)
{
    struct troupe_report *report = run->report;
    const troupe_passages_t *all = report->passages;
    size_t count = troupe_passages_count(all);
    troupe_passages_t *kept = troupe_passages_new();
    report->flags = troupe__alloc((count + 1) * sizeof *report->flags);
    for (size_t i = 0; i < count; i++) {
        const troupe_passage_t *it = troupe_passages_at(all, i);
        struct flag *flag = &report->flags[report->flag_count];
        flag->reason = troupe_passage_flag(it, &flag->start, &flag->end);
        if (flag->reason) {
            flag->path = troupe__strdup(it->path);
            report->flag_count += 1;
        } else {
            int rc = troupe_passages_add(kept, it);
            CHECK(rc == 0);
        }
    }
    troupe_passages_destroy(&report->passages);
    report->passages = kept;
}
