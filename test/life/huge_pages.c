/* SPDX-License-Identifier: MIT
 *
 * A heap of 160 MiB has huge pages where the system gives them, and no range of it goes on asking for them:
 * the system would fill such a range again after it was given back.
 */
#include "life.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES 1000u
#define NBLOCKS 160000u

static size_t huge_kib(void)
{
    return life_proc_number("/proc/self/smaps_rollup", "\nAnonHugePages:");
}

/* Mappings that ask for huge pages. */
static unsigned asking(void)
{
    static char line[4096];
    unsigned n = 0;
    FILE *file = fopen("/proc/self/smaps", "r");

    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL)
        n += strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " hg") != NULL;
    fclose(file);
    return n;
}

static bool system_gives_them(void)
{
    char setting[64] = "";
    const char *conf = getenv("ACRE_CONF");
    FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");

    if (file != NULL && fgets(setting, sizeof setting, file) == NULL)
        setting[0] = '\0';
    if (file != NULL)
        fclose(file);
    if (conf != NULL && strstr(conf, "hardened") != NULL) /* asks for none: guard pages would split them */
        return false;
    return setting[0] != '\0' && strstr(setting, "[never]") == NULL;
}

int main(void)
{
    static void *block[NBLOCKS];

    for (unsigned i = 0; i < NBLOCKS; i++) {
        block[i] = malloc(BLOCK_BYTES);
        CHECK(block[i] != NULL);
        memset(block[i], 1, BLOCK_BYTES);
    }
    fprintf(stderr, "huge pages: %zu KiB\n", huge_kib());
    CHECK_EQ(asking(), 0);
    if (system_gives_them())
        CHECK(huge_kib() >= 2 * LIFE_KIB);
    for (unsigned i = 0; i < NBLOCKS; i++)
        free(block[i]);
    malloc_trim(0);
    CHECK_EQ(asking(), 0);
    CHECK(huge_kib() <= 2 * LIFE_KIB);
    return 0;
}
