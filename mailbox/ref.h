/* SPDX-License-Identifier: Apache-2.0 */
/* ref.h: what the 64 bits of a ref say. */
#ifndef TROUPE_MAILBOX_REF_H
#define TROUPE_MAILBOX_REF_H

#include "troupe_base.h"

/*
 * From the top: 10 bits node, 10 bits worker, 20 bits generation, 24 bits
 * slot. The worker says which inbox a message goes to; the slot says which
 * actor; the generation tells a slot's tenants apart. A generation is never
 * 0, so that no ref of an actor is 0.
 */
#define TROUPE__SLOT_BITS       24
#define TROUPE__GENERATION_BITS 20
#define TROUPE__WORKER_BITS     10
#define TROUPE__NODE_SHIFT      54
#define TROUPE__SLOT_MAX        ((UINT32_C(1) << TROUPE__SLOT_BITS) - 1)
#define TROUPE__GENERATION_MAX  ((UINT32_C(1) << TROUPE__GENERATION_BITS) - 1)
#define TROUPE__WORKER_MAX      ((UINT32_C(1) << TROUPE__WORKER_BITS) - 1)

static inline troupe_ref_t
troupe__ref_make(uint32_t node, uint32_t worker, uint32_t generation,
                 uint32_t slot)
{
    return (troupe_ref_t){(uint64_t) node << TROUPE__NODE_SHIFT
                          | (uint64_t) worker << 44
                          | (uint64_t) generation << 24 | slot};
}

static inline uint32_t
troupe__ref_node(troupe_ref_t ref)
{
    return (uint32_t) (ref.id >> TROUPE__NODE_SHIFT);
}

static inline uint32_t
troupe__ref_worker(troupe_ref_t ref)
{
    return (uint32_t) (ref.id >> 44) & TROUPE__WORKER_MAX;
}

static inline uint32_t
troupe__ref_generation(troupe_ref_t ref)
{
    return (uint32_t) (ref.id >> 24) & TROUPE__GENERATION_MAX;
}

static inline uint32_t
troupe__ref_slot(troupe_ref_t ref)
{
    return (uint32_t) ref.id & TROUPE__SLOT_MAX;
}

#endif
