/* SPDX-License-Identifier: Apache-2.0 */
/* names.c: names and groups of a node, in czmq's hash tables. */
#include <czmq.h>
#include <errno.h>

#include "mailbox/pack.h"
#include "runtime/names.h"
#include "runtime/replica.h"
#include "runtime/worker.h"

static void
group_free(void **item_p)
{
    struct troupe__members *group = *item_p;
    free(group->members);
    free(group);
    *item_p = NULL;
}

static void
ref_free(void **item_p)
{
    free(*item_p);
    *item_p = NULL;
}

void
troupe__names_init(troupe_t *node)
{
    zhashx_t *names = zhashx_new(), *groups = zhashx_new();
    CHECK(names && groups);
    zhashx_set_destructor(names, ref_free);
    zhashx_set_destructor(groups, group_free);
    node->names = names;
    node->groups = groups;
    CHECK(pthread_mutex_init(&node->names_lock, NULL) == 0);
}

void
troupe__names_free(troupe_t *node)
{
    zhashx_t *names = node->names, *groups = node->groups;
    zhashx_destroy(&names);
    zhashx_destroy(&groups);
    for (uint32_t i = 0; i < node->name_of.capacity; i++)
        if (node->name_of.entries[i].id)
            free((void *) (uintptr_t) node->name_of.entries[i].value);
    troupe__idmap_free(&node->name_of);
    pthread_mutex_destroy(&node->names_lock);
}

bool
troupe__name_is_valid(const char *name)
{
    size_t size = name ? strnlen(name, TROUPE_NAME_MAX + 1) : 0;
    if (size < 1 || size > TROUPE_NAME_MAX)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char) name[i] < ' ' || name[i] == 0x7f)
            return false;
    return troupe__utf8((const uint8_t *) name, size);
}

/* Under the lock: the first of its names is the one that it is shown by. */
static void
show_name(troupe_t *node, const char *name, troupe_ref_t ref)
{
    uint64_t shown = 0;
    if (!troupe__idmap_get(&node->name_of, ref.id, &shown))
        troupe__idmap_set(&node->name_of, ref.id,
                          (uint64_t) (uintptr_t) troupe__strdup(name));
}

static void
hide_name(troupe_t *node, const char *name, troupe_ref_t ref)
{
    uint64_t shown = 0;
    if (!troupe__idmap_get(&node->name_of, ref.id, &shown)
        || strcmp((const char *) (uintptr_t) shown, name) != 0)
        return;
    free((void *) (uintptr_t) shown);
    troupe__idmap_remove(&node->name_of, ref.id, NULL);
}

/* Who takes spans is looked up for each of them. */
static void
note_taker(troupe_t *node, const char *name, troupe_ref_t ref)
{
    if (strcmp(name, TROUPE_SPANS) == 0)
        atomic_store(&node->span_taker, ref.id);
    else if (strcmp(name, TROUPE_SPANS_OF_HANDLERS) == 0)
        atomic_store(&node->handler_taker, ref.id);
}

troupe_ref_t
troupe__name_set(troupe_t *node, const char *name, troupe_ref_t ref)
{
    uint64_t *item = zhashx_lookup(node->names, name);
    troupe_ref_t before = {item ? *item : 0};
    if (before.id == ref.id)
        return before;
    note_taker(node, name, ref);
    if (item) {
        hide_name(node, name, before);
        zhashx_delete(node->names, name);
    }
    if (!troupe_ref_is_nobody(ref)) {
        item = troupe__alloc(sizeof *item);
        *item = ref.id;
        CHECK(zhashx_insert(node->names, name, item) == 0);
        show_name(node, name, ref);
    }
    return before;
}

void
troupe__name_show(troupe_t *node, const char *name, troupe_ref_t ref)
{
    pthread_mutex_lock(&node->names_lock);
    show_name(node, name, ref);
    pthread_mutex_unlock(&node->names_lock);
}

int
troupe__name_claim(troupe_t *node, const char *name, troupe_ref_t ref)
{
    pthread_mutex_lock(&node->names_lock);
    bool taken = zhashx_lookup(node->names, name) != NULL;
    if (!taken) {
        troupe__name_set(node, name, ref);
        troupe__name_changed(node, true, name, ref);
    }
    pthread_mutex_unlock(&node->names_lock);
    return taken ? -EEXIST : 0;
}

void
troupe__name_release(troupe_t *node, const char *name, troupe_ref_t ref)
{
    pthread_mutex_lock(&node->names_lock);
    const uint64_t *item = zhashx_lookup(node->names, name);
    if (item && *item == ref.id) {
        troupe__name_set(node, name, TROUPE_NOBODY);
        troupe__name_changed(node, false, name, ref);
    } else {
        hide_name(node, name, ref); /* an unlisted one */
    }
    pthread_mutex_unlock(&node->names_lock);
}

int
troupe_lookup(troupe_t *node, const char *name, troupe_ref_t *ret_ref)
{
    CHECK(node);
    CHECK(ret_ref);
    if (!troupe__name_is_valid(name))
        return -ENOENT;
    pthread_mutex_lock(&node->names_lock);
    const uint64_t *item = zhashx_lookup(node->names, name);
    if (item)
        ret_ref->id = *item;
    pthread_mutex_unlock(&node->names_lock);
    return item ? 0 : -ENOENT;
}

const char *
troupe__name_of(troupe_t *node, troupe_ref_t ref, char *ret_name)
{
    uint64_t name = 0;
    pthread_mutex_lock(&node->names_lock);
    bool named = troupe__idmap_get(&node->name_of, ref.id, &name);
    if (named)
        snprintf(ret_name, TROUPE_NAME_MAX + 1, "%s",
                 (const char *) (uintptr_t) name);
    pthread_mutex_unlock(&node->names_lock);
    return named ? ret_name : NULL;
}

static void
list_add(char ***list, uint32_t *count, const char *name)
{
    *list = troupe__realloc(*list, (*count + 1) * sizeof **list);
    (*list)[(*count)++] = troupe__strdup(name);
}

static bool
list_remove(char **list, uint32_t *count, const char *name)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (strcmp(list[i], name) != 0)
            continue;
        free(list[i]);
        list[i] = list[--*count];
        return true;
    }
    return false;
}

int
troupe_register(troupe_context_t *ctx, const char *name)
{
    CHECK(ctx);
    if (!troupe__name_is_valid(name))
        return -EINVAL;
    int rc = troupe__name_claim(ctx->worker->node, name, ctx->actor->ref);
    struct troupe__extra *extra = troupe__extra(ctx->actor);
    if (rc == 0)
        list_add(&extra->names, &extra->name_count, name);
    return rc;
}

int
troupe_unregister(troupe_context_t *ctx, const char *name)
{
    CHECK(ctx);
    struct troupe__extra *extra = ctx->actor->extra;
    if (!name || !extra || !list_remove(extra->names, &extra->name_count, name))
        return -ENOENT;
    troupe__name_release(ctx->worker->node, name, ctx->actor->ref);
    return 0;
}

static bool
add(struct troupe__members *group, uint64_t ref)
{
    for (size_t i = 0; i < group->count; i++)
        if (group->members[i] == ref)
            return false;
    if (group->count == group->capacity) {
        group->capacity = group->capacity ? 2 * group->capacity : 4;
        group->members = troupe__realloc(
            group->members, group->capacity * sizeof *group->members);
    }
    group->members[group->count++] = ref;
    return true;
}

static bool
take_out(troupe_t *node, const char *name, struct troupe__members *group,
         uint64_t ref)
{
    size_t at = 0;
    while (at < group->count && group->members[at] != ref)
        at++;
    if (at == group->count)
        return false;
    group->members[at] = group->members[--group->count];
    if (group->count == 0)
        zhashx_delete(node->groups, name);
    return true;
}

bool
troupe__group_set(troupe_t *node, const char *name, troupe_ref_t ref,
                  bool is_member)
{
    struct troupe__members *group = zhashx_lookup(node->groups, name);
    if (!is_member)
        return group && take_out(node, name, group, ref.id);
    if (!group) {
        group = troupe__alloc(sizeof *group);
        CHECK(zhashx_insert(node->groups, name, group) == 0);
    }
    return add(group, ref.id);
}

static bool
group_change(troupe_t *node, const char *name, troupe_ref_t ref, bool joins)
{
    pthread_mutex_lock(&node->names_lock);
    bool changed = troupe__group_set(node, name, ref, joins);
    if (changed)
        troupe__group_changed(node, joins, name, ref);
    pthread_mutex_unlock(&node->names_lock);
    return changed;
}

int
troupe_join(troupe_context_t *ctx, const char *name)
{
    CHECK(ctx);
    if (!troupe__name_is_valid(name))
        return -EINVAL;
    if (!group_change(ctx->worker->node, name, ctx->actor->ref, true))
        return -EALREADY;
    struct troupe__extra *extra = troupe__extra(ctx->actor);
    list_add(&extra->groups, &extra->group_count, name);
    return 0;
}

int
troupe_leave(troupe_context_t *ctx, const char *name)
{
    CHECK(ctx);
    struct troupe__extra *extra = ctx->actor->extra;
    if (!name || !extra
        || !list_remove(extra->groups, &extra->group_count, name))
        return -ENOENT;
    group_change(ctx->worker->node, name, ctx->actor->ref, false);
    return 0;
}

void
troupe__groups_leave_all(struct troupe__worker *self,
                         struct troupe__actor *actor)
{
    struct troupe__extra *extra = actor->extra;
    for (uint32_t i = 0; i < extra->group_count; i++) {
        group_change(self->node, extra->groups[i], actor->ref, false);
        free(extra->groups[i]);
    }
    free(extra->groups);
    extra->groups = NULL;
    extra->group_count = 0;
}

/* A copy of the members, so that no lock is held while sending. */
static size_t
members_of(troupe_t *node, const char *name, uint64_t **ret_members)
{
    pthread_mutex_lock(&node->names_lock);
    const struct troupe__members *group = zhashx_lookup(node->groups, name);
    size_t count = group ? group->count : 0;
    *ret_members = NULL;
    if (count > 0) {
        *ret_members = troupe__alloc(count * sizeof **ret_members);
        memcpy(*ret_members, group->members, count * sizeof **ret_members);
    }
    pthread_mutex_unlock(&node->names_lock);
    return count;
}

static int
publish_one(troupe_context_t *ctx, troupe_ref_t to, const char *type,
            const struct troupe__buffer *body)
{
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_TELL, to, ctx->actor->ref, type);
    envelope.trace = ctx->trace;
    if (troupe__guard(ctx, to) == -EAGAIN) {
        struct troupe_message msg = {.to = to,
                                     .from = ctx->actor->ref,
                                     .type = type,
                                     .type_size = envelope.type_size,
                                     .kind = WIRE_TELL};
        troupe__dead(ctx->worker, &msg, TROUPE_DEAD_OVERFLOW);
        return -EAGAIN;
    }
    return troupe__emitf(ctx->worker, &envelope, "r", body->data, body->size);
}

static int
publish_all(troupe_context_t *ctx, const char *name, const char *type,
            const struct troupe__buffer *body)
{
    uint64_t *members = NULL;
    int sent = 0, rc = 0;
    size_t count = members_of(ctx->worker->node, name, &members);
    for (size_t i = 0; i < count && (rc == 0 || rc == -EAGAIN); i++) {
        if (members[i] == ctx->actor->ref.id)
            continue;
        rc = publish_one(ctx, (troupe_ref_t){members[i]}, type, body);
        sent += rc == 0;
    }
    free(members);
    return rc < 0 && rc != -EAGAIN ? rc : sent;
}

int
troupe_publish(troupe_context_t *ctx, const char *name, const char *type,
               const char *format, ...)
{
    CHECK(ctx);
    struct troupe__buffer body = {0};
    va_list args;
    if (!troupe__name_is_valid(name) || troupe__type_size(type) == 0)
        return -EINVAL;
    /* Once for all, and also where nobody is there to see what is wrong. */
    va_start(args, format);
    int rc = troupe__pack(&body, format, &args);
    va_end(args);
    if (rc == 0)
        rc = publish_all(ctx, name, type, &body);
    troupe__buffer_free(&body);
    return rc;
}
