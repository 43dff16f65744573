/* SPDX-License-Identifier: Apache-2.0 */
/* topology_delivery.h: the keys of an actor that is asked at least once. */
#ifndef TROUPE_TOOLS_TOPOLOGY_DELIVERY_H
#define TROUPE_TOOLS_TOPOLOGY_DELIVERY_H

#include "tools/fields.h"
#include "tools/topology.h"

/* Of `kept`, and the words of `delivery`. */
extern const struct troupe__field troupe__kept_fields[];
extern const char *const troupe__deliveries[];

#define TROUPE__DELIVERY_FIELDS                                                \
    {.key = "delivery",                                                        \
     .type = TROUPE__FIELD_CHOICE,                                             \
     .offset = offsetof(struct troupe__member, spec.delivery.mode),            \
     .choices = troupe__deliveries},                                           \
        {.key = "attempts",                                                    \
         .type = TROUPE__FIELD_COUNT,                                          \
         .offset =                                                             \
             offsetof(struct troupe__member, spec.delivery.attempts_max),      \
         .min = 1,                                                             \
         .max = UINT16_MAX,                                                    \
         .endless = "unlimited"},                                              \
    {                                                                          \
        .key = "kept", .type = TROUPE__FIELD_MAP,                              \
        .fields = troupe__kept_fields                                          \
    }

/* troupe__delivery_check: bounds are for those that are asked so. */
void troupe__delivery_check(const struct troupe__value *actor,
                            const struct troupe__member *member,
                            struct troupe__findings *findings);

#endif
