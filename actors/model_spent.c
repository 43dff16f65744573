/* SPDX-License-Identifier: Apache-2.0 */
/* model_spent.c: what the models of a run have cost so far, by its journal. */
#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "troupe_journal.h"

#include "actors/model_pack.h"
#include "mailbox/check.h"

/* By the key of a call: how many attempts have no end, and what each of them
 * may come to. */
struct fold {
    json_t *open;
    troupe_cost_t cost;
    bool known;
};

static void
add(struct fold *self, json_t *bill, json_int_t times)
{
    json_int_t tokens = json_integer_value(json_object_get(bill, "tokens"));
    json_int_t calls = json_integer_value(json_object_get(bill, "calls"));
    double money = json_number_value(json_object_get(bill, "money"));
    if (times <= 0)
        return;
    self->cost.tokens += tokens > 0 ? (uint64_t) (tokens * times) : 0;
    self->cost.calls += calls > 0 ? (uint64_t) (calls * times) : 0;
    self->cost.money += money > 0 ? money * (double) times : 0;
    self->known &= json_is_true(json_object_get(bill, "known"));
}

static void
count(struct fold *self, const char *key, json_t *bill, json_int_t by)
{
    json_t *old = json_object_get(self->open, key);
    json_int_t open = json_integer_value(json_object_get(old, "open")) + by;
    json_t *most = by > 0 ? bill : json_object_get(old, "most");
    json_t *now = json_pack("{s:I, s:O?}", "open", open, "most", most);
    CHECK(now);
    (void) json_object_set_new(self->open, key, now);
}

static int
take(void *data, const troupe_journal_entry_t *entry)
{
    struct fold *self = data;
    bool begins = entry->what == TROUPE_JOURNAL_STARTED;
    if ((!begins && entry->what != TROUPE_JOURNAL_ATTEMPT)
        || entry->value_size == 0)
        return 0;
    json_t *bill = json_loadb(entry->value, entry->value_size, 0, NULL);
    if (json_is_object(bill)) {
        count(self, entry->key, bill, begins ? 1 : -1);
        if (!begins)
            add(self, bill, 1);
    }
    json_decref(bill);
    return 0;
}

int
troupe__model_spent(const char *path, troupe_cost_t *ret_cost, bool *ret_known)
{
    CHECK(path && ret_cost && ret_known);
    troupe_journal_t *journal = NULL;
    struct fold fold = {.open = json_object(), .known = true};
    const char *key = NULL;
    json_t *it = NULL;
    CHECK(fold.open);
    int rc = troupe_journal_open(path, TROUPE_JOURNAL_READ, &journal, NULL);
    if (rc == 0)
        rc = troupe_journal_fold(journal, 0, take, &fold);
    json_object_foreach(fold.open, key, it)
    {
        add(&fold, json_object_get(it, "most"),
            json_integer_value(json_object_get(it, "open")));
    }
    json_decref(fold.open);
    troupe_journal_destroy(&journal);
    *ret_cost = fold.cost;
    *ret_known = fold.known;
    return rc;
}
