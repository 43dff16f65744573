/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_part.c: what a cell is given of a decision: its option, the key that
 * its strategy reads, and what is said of all. Were each cell sent the whole,
 * a run would move options times options of them.
 */
#include <string.h>

#include "actors/decide_codec.h"
#include "mailbox/check.h"

static void
put_key(msgpack_packer *packer, const char *key)
{
    msgpack_pack_str(packer, strlen(key));
    msgpack_pack_str_body(packer, key, strlen(key));
}

static const msgpack_object *
find(const msgpack_object *map, const char *key)
{
    CHECK(map && map->type == MSGPACK_OBJECT_MAP);
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object *it = &map->via.map.ptr[i].key;
        if (it->type == MSGPACK_OBJECT_STR && it->via.str.size == strlen(key)
            && memcmp(it->via.str.ptr, key, strlen(key)) == 0)
            return &map->via.map.ptr[i].val;
    }
    return NULL;
}

/* The option's id, and of its keys the strategy's, where it has that. */
static void
put_option(msgpack_packer *packer, const struct decision_part *part)
{
    static const char *const keys[] = {[GROUP_COST_BENEFIT] = "cash_flow",
                                       [GROUP_RISK] = "risks",
                                       [GROUP_STAKEHOLDERS] = "scores",
                                       [GROUP_TIMELINE] = "schedule"};
    const msgpack_object *options = find(part->decision, "options");
    CHECK(options && part->option < options->via.map.size);
    const msgpack_object_kv *option = &options->via.map.ptr[part->option];
    const msgpack_object *value = find(&option->val, keys[part->strategy]);
    msgpack_pack_map(packer, 1);
    msgpack_pack_object(packer, option->key);
    msgpack_pack_map(packer, value ? 1 : 0);
    if (!value)
        return;
    put_key(packer, keys[part->strategy]);
    msgpack_pack_object(packer, *value);
}

int
troupe__decision_part_write(msgpack_packer *packer, void *value)
{
    static const char *const shared[] = {"problem", "discount_rate", "deadline",
                                         "stakeholders", "perspectives"};
    const struct decision_part *part = value;
    uint32_t count = 1;
    for (unsigned i = 0; i < sizeof shared / sizeof *shared; i++)
        count += find(part->decision, shared[i]) != NULL;
    msgpack_pack_map(packer, count);
    for (unsigned i = 0; i < sizeof shared / sizeof *shared; i++) {
        const msgpack_object *it = find(part->decision, shared[i]);
        if (!it)
            continue;
        put_key(packer, shared[i]);
        msgpack_pack_object(packer, *it);
    }
    put_key(packer, "options");
    put_option(packer, part);
    return 0;
}
