/* SPDX-License-Identifier: MIT
 *
 * The deadlock of an allocator that holds locks across fork: one thread reads lines (stdio allocates while
 * it holds the file's lock), one flushes all files (it holds the list of files and wants each file's
 * lock), one forks (fork wants the list of files after the handlers for fork have run). 2000 forks have to
 * get through.
 */
#include "life/life.h"

enum { FORKS = 2000, FILES = 3 };

static FILE *files[FILES];
static int stop;

/* Stdio's locks are not fair: without a pause the readers would starve the others. */
static void pause_shortly(void)
{
    nanosleep(&(struct timespec){0, 30000}, NULL);
}

/* getline() allocates and reallocates the line while it holds the lock of the file. */
static void *read_lines(void *file)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        char *line = NULL;
        size_t size = 0;
        rewind((FILE *)file);
        while (getline(&line, &size, (FILE *)file) > 0)
            ;
        free(line);
        pause_shortly();
    }
    return NULL;
}

/* Files made and closed: their buffers come and go under the lock of the list. */
static void *flush_all(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        FILE *file = fopen("/dev/null", "w");
        CHECK(file != NULL);
        fprintf(file, "%1000d", 1);
        fflush(NULL);
        fclose(file);
        pause_shortly();
    }
    return unused;
}

static FILE *make_file(void)
{
    FILE *file = tmpfile();
    CHECK(file != NULL);
    for (int length = 1; length < 3000; length += 97)
        fprintf(file, "%*d\n", length, length);
    rewind(file);
    return file;
}

static void child(void)
{
    life_child_begin();
    life_use_every_class(1);
    FILE *file = fopen("/dev/null", "w");
    CHECK(file != NULL);
    fprintf(file, "%500d", 1);
    fclose(file);
    _exit(0);
}

int main(void)
{
    pthread_t threads[FILES + 1];
    life_deadline(110, "fork against stdio");
    for (size_t i = 0; i < FILES; i++) {
        files[i] = make_file();
        threads[i] = life_thread(read_lines, files[i]);
    }
    threads[FILES] = life_thread(flush_all, NULL);
    for (int n = 0; n < FORKS; n++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            child();
        life_reap(pid);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (size_t i = 0; i <= FILES; i++)
        life_join(threads[i]);
    for (size_t i = 0; i < FILES; i++)
        fclose(files[i]);
    return 0;
}
