/* SPDX-License-Identifier: Apache-2.0 */
/* bonds.h: actors that link, monitor and exit as they are told. */
#ifndef TROUPE_TESTS_SUPERVISOR_BONDS_H
#define TROUPE_TESTS_SUPERVISOR_BONDS_H

#include <troupe.h>

/*
 * Started with a label. Each journals what it hears: "<label> down <exit>",
 * and `trapper` "<label> exit <exit>". Messages, with a ref as body:
 *   link, unlink, monitor   do that, and journal an error
 *   kill, stop, normal      send that exit
 *   demonitor               end its last monitor and journal the code
 * and without:
 *   crash                   fail with -EIO, "told to crash"
 *   done                    end normally
 *   note                    journal "<label> note"
 *   block                   wait for harness_unblock()
 *   steal                   its monitor goes to who asks, as a number
 */
extern const troupe_kind_t friend;
extern const troupe_kind_t trapper;

troupe_ref_t befriend(const troupe_kind_t *kind, const char *label,
                      uint32_t worker);
void tell_ref(troupe_ref_t to, const char *verb, troupe_ref_t about);

#endif
