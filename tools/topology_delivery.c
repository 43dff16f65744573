/* SPDX-License-Identifier: Apache-2.0 */
/* topology_delivery.c: the keys of an actor that is asked at least once. */
#include "tools/topology_delivery.h"

const char *const troupe__deliveries[] = {"at_most_once", "at_least_once",
                                          NULL};

const struct troupe__field troupe__kept_fields[] = {
    {.key = "messages",
     .type = TROUPE__FIELD_COUNT,
     .offset = offsetof(struct troupe__member, spec.delivery.open_max),
     .min = 1},
    {.key = "bytes",
     .type = TROUPE__FIELD_SIZE,
     .offset = offsetof(struct troupe__member, spec.delivery.open_bytes_max),
     .min = 1024},
    {0}};

void
troupe__delivery_check(const struct troupe__value *actor,
                       const struct troupe__member *member,
                       struct troupe__findings *findings)
{
    static const char *const keys[] = {"attempts", "kept"};
    if (member->spec.delivery.mode == TROUPE_AT_LEAST_ONCE)
        return;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct troupe__value *value = troupe__value_get(actor, keys[i]);
        if (value) {
            troupe__found(findings, value->spot,
                          "'%s' is for an actor that is asked at least once; "
                          "add 'delivery: at_least_once', or take it out",
                          keys[i]);
        }
    }
}
