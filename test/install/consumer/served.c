/* SPDX-License-Identifier: MIT
 *
 * served.c WHO -- a program that knows nothing of acre; fails unless malloc here is WHO's: acre's or libc's.
 *
 * The proof is the usable size of 100 bytes: acre's class is 112, glibc's chunk leaves 104.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *churn(void *arg)
{
    size_t *usable = arg;
    for (size_t i = 0; i < 1000; i++) {
        void *block = malloc(i * 16);
        *usable += malloc_usable_size(block);
        free(block);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    size_t wanted = argc > 1 && strcmp(argv[1], "acre") == 0 ? 112 : 104;
    void *block = malloc(100);
    char *copy = strdup(
        "a block that libc asked for, of a size between two classes; ninety-six characters and some more..");
    size_t usable = malloc_usable_size(block);
    size_t usable_copy = malloc_usable_size(copy);
    size_t churned = 0;
    pthread_t thread;
    if (pthread_create(&thread, NULL, churn, &churned) != 0 || pthread_join(thread, NULL) != 0 ||
        churned == 0)
        return 2;
    printf("malloc(100) has %zu usable bytes, strdup of %zu has %zu; wanted %zu\n", usable, strlen(copy) + 1,
           usable_copy, wanted);
    free(copy);
    free(block);
    return usable == wanted && usable_copy == wanted ? 0 : 1;
}
