/* SPDX-License-Identifier: Apache-2.0 */
/* control.c: the calls of troupe_children.h, from actors and threads. */
#include "supervisor/control.h"

#include <errno.h>
#include <stdlib.h>

#include "mailbox/check.h"

int
troupe_supervisor_ask(troupe_context_t *ctx, troupe_ref_t supervisor,
                      const troupe_child_request_t *request,
                      uint32_t timeout_ms, troupe_answer_fn answer, void *data)
{
    if (!ctx || !request || !answer)
        return -EINVAL;
    troupe_supervisor_error_t error;
    const char *type = NULL;
    msgpack_sbuffer body;
    msgpack_sbuffer_init(&body);
    int rc = troupe__request_pack(troupe_context_node(ctx), request, &type,
                                  &body, &error);
    if (rc == 0) {
        rc = troupe_ask(ctx, supervisor, type, timeout_ms, answer, data, "r",
                        body.data, body.size);
    } else {
        troupe_log(ctx, TROUPE_LOG_WARNING, "supervisor call: %s", error.text);
    }
    msgpack_sbuffer_destroy(&body);
    return rc;
}

/* What a run of a thread's carries from the ask to its end. */
struct call {
    troupe_ref_t supervisor;
    const char *type;
    msgpack_sbuffer body;
    troupe_message_t *reply;
    troupe_supervisor_error_t *error;
    int code;
};

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx;
    struct call *self = state;
    self->code = answer->code;
    if (answer->outcome == TROUPE_REPLY)
        (void) troupe_message_keep(answer->msg, &self->reply);
    else
        (void) troupe__error_set(self->error, "%s",
                                 answer->text ? answer->text : "");
    return TROUPE_STOP;
}

static int
begin(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    struct call *self = state;
    return troupe_ask(ctx, self->supervisor, self->type, UINT32_MAX, on_answer,
                      NULL, "r", self->body.data, self->body.size);
}

int
troupe__node_call(troupe_t *node, troupe_ref_t supervisor,
                  const troupe_child_request_t *request,
                  troupe_message_t **ret_reply,
                  troupe_supervisor_error_t *error)
{
    CHECK(error);
    if (!node)
        return -EINVAL;
    error->text[0] = '\0';
    struct call self = {.supervisor = supervisor, .error = error};
    msgpack_sbuffer_init(&self.body);
    int rc = 0;
    if (request) {
        rc = troupe__request_pack(node, request, &self.type, &self.body, error);
    } else {
        self.type = "supervisor.ready";
        msgpack_sbuffer_write(&self.body, "\xc0", 1); /* nil */
    }
    if (rc == 0)
        rc = troupe_node_run(node, begin, &self, 0);
    if (rc == 0)
        rc = self.code;
    msgpack_sbuffer_destroy(&self.body);
    if (rc == 0 && ret_reply) {
        *ret_reply = self.reply;
        return 0;
    }
    troupe_message_destroy(&self.reply);
    return rc;
}

/* A call whose answer is one info. */
static int
call_info(troupe_t *node, troupe_ref_t supervisor,
          const troupe_child_request_t *request, troupe_child_info_t *ret_info,
          troupe_supervisor_error_t *error)
{
    troupe_supervisor_error_t ignored;
    troupe_message_t *reply = NULL;
    int rc = troupe__node_call(node, supervisor, request, &reply,
                               error ? error : &ignored);
    if (rc == 0)
        rc = troupe_child_info_read(reply, ret_info);
    troupe_message_destroy(&reply);
    return rc;
}

static int
call_ref(troupe_t *node, troupe_ref_t supervisor,
         const troupe_child_request_t *request, troupe_ref_t *ret_ref,
         troupe_supervisor_error_t *error)
{
    troupe_child_info_t info;
    int rc = call_info(node, supervisor, request, &info, error);
    if (rc == 0 && ret_ref)
        *ret_ref = info.ref;
    return rc;
}

static int
call_nil(troupe_t *node, troupe_ref_t supervisor,
         const troupe_child_request_t *request)
{
    troupe_supervisor_error_t ignored;
    return troupe__node_call(node, supervisor, request, NULL, &ignored);
}

int
troupe_supervisor_start_child(troupe_t *node, troupe_ref_t supervisor,
                              const troupe_child_spec_t *spec,
                              troupe_ref_t *ret_ref,
                              troupe_supervisor_error_t *error)
{
    if (!spec)
        return -EINVAL;
    const troupe_child_request_t request = {.verb = TROUPE_START_CHILD,
                                            .spec = spec};
    return call_ref(node, supervisor, &request, ret_ref, error);
}

int
troupe_supervisor_start_more(troupe_t *node, troupe_ref_t supervisor,
                             troupe_ref_t *ret_ref, const char *format, ...)
{
    void *bytes = NULL;
    troupe_child_request_t request = {.verb = TROUPE_START_CHILD};
    if (format) {
        va_list args;
        va_start(args, format);
        int rc =
            troupe__bytes_pack(&bytes, &request.arguments_size, format, &args);
        va_end(args);
        if (rc < 0)
            return rc;
        request.arguments = bytes;
    }
    int rc = call_ref(node, supervisor, &request, ret_ref, NULL);
    free(bytes);
    return rc;
}

int
troupe_supervisor_terminate_child(troupe_t *node, troupe_ref_t supervisor,
                                  const char *id)
{
    const troupe_child_request_t request = {.verb = TROUPE_TERMINATE_CHILD,
                                            .id = id};
    return call_nil(node, supervisor, &request);
}

int
troupe_supervisor_terminate_ref(troupe_t *node, troupe_ref_t supervisor,
                                troupe_ref_t child)
{
    const troupe_child_request_t request = {.verb = TROUPE_TERMINATE_CHILD,
                                            .ref = child};
    return call_nil(node, supervisor, &request);
}

int
troupe_supervisor_restart_child(troupe_t *node, troupe_ref_t supervisor,
                                const char *id, troupe_ref_t *ret_ref)
{
    const troupe_child_request_t request = {.verb = TROUPE_RESTART_CHILD,
                                            .id = id};
    return call_ref(node, supervisor, &request, ret_ref, NULL);
}

int
troupe_supervisor_renew_child(troupe_t *node, troupe_ref_t supervisor,
                              const char *id, troupe_ref_t *ret_ref)
{
    const troupe_child_request_t request = {.verb = TROUPE_RENEW_CHILD,
                                            .id = id};
    return call_ref(node, supervisor, &request, ret_ref, NULL);
}

int
troupe_supervisor_delete_child(troupe_t *node, troupe_ref_t supervisor,
                               const char *id)
{
    const troupe_child_request_t request = {.verb = TROUPE_DELETE_CHILD,
                                            .id = id};
    return call_nil(node, supervisor, &request);
}

int
troupe_supervisor_which_child(troupe_t *node, troupe_ref_t supervisor,
                              const char *id, troupe_child_info_t *ret_info)
{
    if (!ret_info)
        return -EINVAL;
    const troupe_child_request_t request = {.verb = TROUPE_WHICH_CHILD,
                                            .id = id};
    return call_info(node, supervisor, &request, ret_info, NULL);
}

int
troupe_supervisor_which_ref(troupe_t *node, troupe_ref_t supervisor,
                            troupe_ref_t child, troupe_child_info_t *ret_info)
{
    if (!ret_info)
        return -EINVAL;
    const troupe_child_request_t request = {.verb = TROUPE_WHICH_CHILD,
                                            .ref = child};
    return call_info(node, supervisor, &request, ret_info, NULL);
}

int
troupe_supervisor_child_spec(troupe_t *node, troupe_ref_t supervisor,
                             const char *id, troupe_child_spec_t *ret_spec)
{
    if (!ret_spec)
        return -EINVAL;
    const troupe_child_request_t request = {.verb = TROUPE_CHILD_SPEC,
                                            .id = id};
    troupe_supervisor_error_t ignored;
    troupe_message_t *reply = NULL;
    int rc = troupe__node_call(node, supervisor, &request, &reply, &ignored);
    if (rc == 0)
        rc = troupe_child_spec_read(node, reply, ret_spec);
    troupe_message_destroy(&reply);
    return rc;
}

int
troupe_supervisor_which_children(troupe_t *node, troupe_ref_t supervisor,
                                 troupe_child_info_t *infos, size_t count)
{
    const troupe_child_request_t request = {.verb = TROUPE_WHICH_CHILDREN};
    troupe_supervisor_error_t ignored;
    troupe_message_t *reply = NULL;
    int rc = troupe__node_call(node, supervisor, &request, &reply, &ignored);
    if (rc == 0)
        rc = troupe_child_infos_read(reply, infos, count);
    troupe_message_destroy(&reply);
    return rc;
}

int
troupe_supervisor_count_children(troupe_t *node, troupe_ref_t supervisor,
                                 troupe_child_counts_t *ret_counts)
{
    if (!ret_counts)
        return -EINVAL;
    const troupe_child_request_t request = {.verb = TROUPE_COUNT_CHILDREN};
    troupe_supervisor_error_t ignored;
    troupe_message_t *reply = NULL;
    int rc = troupe__node_call(node, supervisor, &request, &reply, &ignored);
    if (rc == 0)
        rc = troupe_child_counts_read(reply, ret_counts);
    troupe_message_destroy(&reply);
    return rc;
}

int
troupe_supervisor_change_child(troupe_t *node, troupe_ref_t supervisor,
                               const troupe_child_spec_t *spec,
                               troupe_supervisor_error_t *error)
{
    troupe_supervisor_error_t ignored;
    const troupe_child_request_t request = {.verb = TROUPE_CHANGE_CHILD,
                                            .spec = spec};
    return troupe__node_call(node, supervisor, &request, NULL,
                             error ? error : &ignored);
}

int
troupe_supervisor_change_options(troupe_t *node, troupe_ref_t supervisor,
                                 const troupe_supervisor_options_t *options,
                                 troupe_supervisor_error_t *error)
{
    troupe_supervisor_error_t ignored;
    const troupe_child_request_t request = {.verb = TROUPE_CHANGE_OPTIONS,
                                            .options = options};
    return troupe__node_call(node, supervisor, &request, NULL,
                             error ? error : &ignored);
}
