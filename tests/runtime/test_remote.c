/* SPDX-License-Identifier: Apache-2.0 */
/* test_remote.c: actors of two nodes: the same promises as within one. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "runtime/far_clerk.h"
#include "troupe_lifecycle.h"

TestSuite(remote, .init = pair_begin, .fini = pair_end, .timeout = 60);

Test(remote, a_tell_and_an_ask_of_a_thread_arrive_at_another_node)
{
    int64_t sum = 0, count = 0;
    troupe_message_t *reply = NULL;
    troupe_ref_t ref = spawn_on(away, &far_clerk);
    cr_assert_eq(troupe_node_send(home, ref, "add", "I", INT64_C(5)), 0);
    int rc = troupe_node_ask(home, ref, "sum", 5000, &reply, NULL);
    cr_assert_eq(rc, 0, "%s", troupe_node_ask_words());
    cr_assert_eq(troupe_unpack(reply, "[I, I]", &sum, &count), 0);
    cr_assert_eq(sum, 5);
    cr_assert_eq(count, 1);
    troupe_message_destroy(&reply);
}
