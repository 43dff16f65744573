/* SPDX-License-Identifier: Apache-2.0 */
/* bare.c: a shared object that offers no kinds. */
int bare_function(void);

int
bare_function(void)
{
    return 1;
}
