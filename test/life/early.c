/* SPDX-License-Identifier: MIT
 *
 * Allocation before and after everything else: in a preloaded library's constructor(101) and
 * destructor(101), with the library before and behind the allocator in LD_PRELOAD, in the program's
 * preinit array, its own first constructor and its exit handlers.
 */
#include "life/life.h"

#include <dlfcn.h>

static void *preinit_block;
static void *constructor_block;

static void preinit(int argc, char **argv, char **env)
{
    (void)argc;
    (void)argv;
    (void)env;
    preinit_block = life_block(40, 1);
}

__attribute__((section(".preinit_array"), used)) static void (*preinit_entry)(int, char **,
                                                                              char **) = preinit;

__attribute__((constructor(101))) static void construct(void)
{
    life_use_every_class(1);
    constructor_block = life_block(70 * LIFE_KIB, 2);
}

static void at_exit(void)
{
    life_free(constructor_block);
    life_use_every_class(3);
    check_note("the exit handler freed the constructor's block");
}

static void *thread_with_key(void *key)
{
    CHECK_EQ(pthread_setspecific(*(pthread_key_t *)key, life_block(300, 4)), 0);
    return NULL;
}

static void check_library(void)
{
    void **blocks = (void **)dlsym(RTLD_DEFAULT, "early_blocks");
    void **late_block = (void **)dlsym(RTLD_DEFAULT, "early_late_block");
    pthread_key_t *key = (pthread_key_t *)dlsym(RTLD_DEFAULT, "early_key");
    unsigned *key_runs = (unsigned *)dlsym(RTLD_DEFAULT, "early_key_runs");
    CHECK(blocks != NULL && late_block != NULL && key != NULL && key_runs != NULL);
    for (size_t i = 0; i < 8; i++)
        life_free(blocks[i]);
    *late_block = life_block(9000, 5);
    life_join(life_thread(thread_with_key, key));
    CHECK_EQ(*key_runs, 1);
}

int main(int argc, char **argv)
{
    const char *order = argc > 1 ? argv[1] : "";
    const char *acre = getenv("ACRE_TEST_PRELOAD");
    const char *folder = getenv("ACRE_TEST_BIN");
    CHECK(acre != NULL && folder != NULL);
    char preload[4096];
    if (strcmp(order, "before") == 0)
        snprintf(preload, sizeof preload, "%s/life.early_lib.so %s", folder, acre);
    else if (strcmp(order, "behind") == 0)
        snprintf(preload, sizeof preload, "%s %s/life.early_lib.so", acre, folder);
    else
        LIFE_FAIL("case is before or behind");
    life_rerun_preloaded(argv, preload);
    life_deadline(60, "allocation around main");
    atexit(at_exit);
    life_free(preinit_block);
    check_library();
    life_use_every_class(6);
    return 0;
}
