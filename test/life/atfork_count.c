/* SPDX-License-Identifier: MIT
 *
 * The table of fork handlers is shared by the whole program and grows with every registration: an allocator
 * registers at most once, whatever the number of threads, heaps and forks, and nothing to run before the
 * fork, where other libraries may already hold their locks.
 */
#include "life/life.h"

#include <dlfcn.h>

static void *use_heap(void *unused)
{
    life_use_every_class(1);
    return unused;
}

int main(int argc, char **argv)
{
    (void)argc;
    const char *acre = getenv("ACRE_TEST_PRELOAD");
    const char *folder = getenv("ACRE_TEST_BIN");
    CHECK(acre != NULL && folder != NULL);
    char preload[4096];
    snprintf(preload, sizeof preload, "%s/life.atfork_count_lib.so %s", folder, acre);
    life_rerun_preloaded(argv, preload);
    life_deadline(30, "counting fork handlers");
    unsigned *registrations = (unsigned *)dlsym(RTLD_DEFAULT, "atfork_registrations");
    unsigned *prepares = (unsigned *)dlsym(RTLD_DEFAULT, "atfork_prepares");
    CHECK(registrations != NULL && prepares != NULL);
    for (int i = 0; i < 50; i++) {
        life_join(life_thread(use_heap, NULL));
        pid_t pid = fork();
        if (pid == 0) {
            life_child_begin();
            life_use_every_class(2);
            CHECK_LE(*registrations, 1);
            _exit(0);
        }
        life_reap(pid);
    }
    CHECK_EQ(pthread_atfork(NULL, NULL, NULL), 0);
    unsigned counted = *registrations;
    CHECK_LE(1, counted); /* the one above: the counter works */
    life_bound("fork handlers registered by the allocator", counted - 1, 1, "times");
    life_bound("of these with something to do before the fork", *prepares, 0, "times");
    return 0;
}
