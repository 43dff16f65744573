/* SPDX-License-Identifier: Apache-2.0 */
/* papers.h: documents that are made up, some of which hold a fact. */
#ifndef TROUPE_BENCH_PAPERS_H
#define TROUPE_BENCH_PAPERS_H

#include <stddef.h>

/* As many facts in any number of documents, each in one of its own. */
enum { PAPERS_FACTS = 20 };

/* A question, and what only the sentence that answers it says. */
struct paper_fact {
    char question[96];
    char name[24];   /* of what is asked about */
    char answer[16]; /* a figure */
};

/* paper_fact: the fact of this index; the same in each run. */
struct paper_fact paper_fact(size_t index);

/*
 * papers_write: `count` files below a directory, 100 in each directory of it,
 * half of them Markdown: titles, headings, and paragraphs whose words are as
 * frequent as their rank among 22,000 says (Zipf); 5 KiB on average. What the
 * questions speak of is in a sixth to three quarters of them.
 *
 *   returns  0, or a negative errno value of the file that failed
 */
int papers_write(const char *directory, size_t count);

/* papers_remove: a directory and all that is in it. */
void papers_remove(const char *directory);

#endif
