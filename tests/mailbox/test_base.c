/* SPDX-License-Identifier: Apache-2.0 */
/* test_base.c: refs in words, and back. */
#include <criterion/criterion.h>
#include <errno.h>

#include "mailbox/ref.h"
#include "troupe_base.h"

Test(base, a_ref_comes_back_from_its_text)
{
    const troupe_ref_t refs[] = {troupe__ref_make(1, 0, 1, 0),
                                 troupe__ref_make(7, 3, 77, 4096),
                                 {UINT64_MAX}};
    char text[TROUPE_REF_TEXT];
    for (size_t i = 0; i < sizeof refs / sizeof *refs; i++) {
        troupe_ref_t back = TROUPE_NOBODY;
        cr_assert_eq(troupe_ref_parse(troupe_ref_text(refs[i], text), &back),
                     0);
        cr_assert(troupe_ref_equal(back, refs[i]), "%s", text);
    }
}

Test(base, what_is_no_text_of_a_ref_is_refused)
{
    static const char *const wrong[] = {
        "",
        "<nobody>",
        "<1.0.2>",
        "<1.0.2.3",
        "1.0.2.3",
        "<1.0.2.3>x",
        " <1.0.2.3>",
        "<01.0.2.3>",
        "<1.0.-2.3>",
        "<1.0.99999999999.3>",
        "<1.5000.2.3>",
        "<5000.0.2.3>",
        "<0.0.0.0>",
        "<1.0.2.3>                                                       "};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        troupe_ref_t ref = TROUPE_NOBODY;
        cr_assert_eq(troupe_ref_parse(wrong[i], &ref), -EINVAL, "'%s'",
                     wrong[i]);
        cr_assert(troupe_ref_is_nobody(ref));
    }
}
