/* SPDX-License-Identifier: Apache-2.0 */
/* test_part.c: the specs that a topology comes to. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/part.h"

static const char text[] = "nodes: {near: , far: }\n"
                           "supervisors:\n"
                           "  top: {children: [a, low, b]}\n"
                           "  low: {node: far, children: [c, d]}\n"
                           "actors:\n"
                           "  a: {kind: printer, count: 2}\n"
                           "  b: {kind: printer, node: far}\n"
                           "  c: {kind: printer}\n"
                           "  d: {kind: printer, node: near}\n"
                           "  e: {kind: printer, groups: [g]}\n"
                           "  f: {kind: printer, isolation: process}\n";

static struct troupe__topology *
read_topology(void)
{
    char path[] = "/tmp/troupe-part-XXXXXX";
    int fd = mkstemp(path);
    struct troupe__findings findings = {.path = path};
    struct troupe__topology *topology = NULL;
    cr_assert_eq(write(fd, text, sizeof text - 1), (ssize_t) sizeof text - 1);
    close(fd);
    cr_assert_eq(troupe__topology_read(path, &findings, &topology), 0);
    unlink(path);
    return topology;
}

/* "top(a-1 a-2) d@far e!": ids, the node of those on another than their
 * supervisor's, "!" for a process of its own; in brackets those below. */
static void
write_specs(const troupe_child_spec_t *specs, size_t count, FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        bool alone = specs[i].isolation == TROUPE_OWN_PROCESS;
        fprintf(out, "%s%s%s%s%s", i > 0 ? " " : "", specs[i].id,
                specs[i].node ? "@" : "", specs[i].node ? specs[i].node : "",
                alone ? "!" : "");
        if (!specs[i].supervisor)
            continue;
        fputc('(', out);
        write_specs(specs[i].children, specs[i].child_count, out);
        fputc(')', out);
    }
}

Test(part, who_is_elsewhere_is_isolated)
{
    struct troupe__topology *topology = read_topology();
    char got[256] = "";
    FILE *out = fmemopen(got, sizeof got, "w");
    struct troupe__part *part = troupe__part_make(topology, true);
    write_specs(part->specs, part->count, out);
    fclose(out);
    cr_expect_str_eq(got, "top(a-1 a-2 low@far(c d@near) b@far) e f!", "%s",
                     got);
    cr_expect(part->has_others);
    troupe_supervisor_error_t error = {{0}};
    cr_expect_eq(troupe_child_specs_check(&part->options, part->specs,
                                          part->count, &error),
                 0, "%s", error.text);
    const troupe_kind_t *const *kinds = troupe__part_kinds(part);
    cr_expect_str_eq(kinds[0]->name, "printer");
    cr_expect_null(kinds[1]);
    troupe__part_free(part);
    troupe__topology_free(topology);
}

/* Only kinds for which the topology adds something are replaced by copies. */
Test(part, kinds_are_guarded_where_it_is_needed)
{
    struct troupe__topology *topology = read_topology();
    struct troupe__part *part = troupe__part_make(topology, true);
    cr_assert_eq(part->guard_count, 1);
    cr_assert_neq(part->specs[1].kind, troupe__own_kinds[0]);
    cr_assert_str_eq(part->specs[1].kind->name, "printer");
    topology->members[troupe__member_find(topology, "e")].groups.count = 0;
    struct troupe__part *plain = troupe__part_make(topology, true);
    cr_assert_eq(plain->guard_count, 0);
    cr_assert_eq(plain->specs[1].kind, troupe__own_kinds[0]);
    troupe__part_free(plain);
    troupe__part_free(part);
    troupe__topology_free(topology);
}
