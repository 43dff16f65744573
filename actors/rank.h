/* SPDX-License-Identifier: Apache-2.0 */
/* rank.h: the rank of a match, as FTS5's bm25() has it, with less work. */
#ifndef TROUPE_ACTORS_RANK_H
#define TROUPE_ACTORS_RANK_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* In how many rows phrases occur, as long as the index stays as it is. */
struct troupe__rank_counts;

struct troupe__rank_counts *troupe__rank_counts_new(void);
void troupe__rank_counts_destroy(struct troupe__rank_counts **self_p);

/* troupe__rank_counts_clear: the index is another one now. */
void troupe__rank_counts_clear(struct troupe__rank_counts *self);

/*
 * troupe__rank_register: give a connection the function
 *
 *     troupe_rank(TABLE, EXPRESSION, LIMIT, WEIGHT...)
 *
 * for statements that read "FROM TABLE WHERE TABLE MATCH EXPRESSION ORDER BY
 * troupe_rank(...) LIMIT LIMIT", where TABLE is of FTS5. It is bm25(TABLE,
 * WEIGHT...) to the last bit for the rows that such a statement gives. A row
 * that cannot be among the first LIMIT any more has the rank 0.
 *
 *   counts   of one TABLE; lent, for as long as the connection is open.
 *   returns  as SQLite does
 *   source   SQLite, "FTS5 Extension", Custom Auxiliary Functions; its bm25()
 */
int troupe__rank_register(sqlite3 *db, struct troupe__rank_counts *counts);

#endif
