/* SPDX-License-Identifier: MIT
 *
 * A library whose first constructor allocates with every function, starts a thread and forks, and whose last
 * destructor frees; test early.c preloads it on either side of the allocator.
 */
#include "life/life.h"

enum { EARLY_BLOCKS = 8 };

void *early_blocks[EARLY_BLOCKS];
void *early_late_block; /* set by the program, freed by the last destructor */
pthread_key_t early_key;
unsigned early_key_runs;

static void use_key(void *value)
{
    life_free(value);
    life_free(life_block(2000, 9));
    early_key_runs++;
}

static void *thread_body(void *unused)
{
    life_use_every_class(5);
    return unused;
}

__attribute__((constructor(101))) static void begin(void)
{
    CHECK_EQ(pthread_key_create(&early_key, use_key), 0);
    void *aligned = NULL;
    CHECK_EQ(posix_memalign(&aligned, 4096, 500), 0);
    void *made[EARLY_BLOCKS] = {malloc(500), calloc(5, 100),         realloc(NULL, 500),
                                aligned,     aligned_alloc(64, 500), memalign(128, 500),
                                valloc(500), malloc(3 * LIFE_MIB)};
    for (size_t i = 0; i < EARLY_BLOCKS; i++) {
        CHECK(made[i] != NULL);
        life_seal(made[i], 500, i);
        early_blocks[i] = made[i];
    }
    life_join(life_thread(thread_body, NULL));
    pid_t pid = fork();
    if (pid == 0) {
        life_child_begin();
        life_use_every_class(6);
        for (size_t i = 0; i < EARLY_BLOCKS; i++)
            life_free(early_blocks[i]);
        _exit(0);
    }
    life_reap(pid);
}

__attribute__((destructor(101))) static void end(void)
{
    if (early_late_block == NULL)
        return;
    life_free(early_late_block);
    life_use_every_class(7);
    check_note("the last destructor freed the program's block");
}
