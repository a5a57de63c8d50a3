/* SPDX-License-Identifier: MIT
 *
 * unit.c -- forks a process for every test and counts.
 */
#include "unit.h"

#include "os/os_fake.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEST_SECONDS 140u
#define DEFECT_SECONDS 10u
#define PATTERN_BYTES 512u
#define STRIDE_BYTES 4096u

int unit_in_child(int (*fn)(void *), void *arg)
{
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int result = fn(arg);
        fflush(NULL);
        _exit(result);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return 101;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 200 + WTERMSIG(status);
}

static int run_one(void *arg)
{
    const struct unit_test *test = arg;
    struct CMUnitTest one[] = {test->test};
    alarm(test->defect == NULL ? TEST_SECONDS : DEFECT_SECONDS);
    return _cmocka_run_group_tests(test->test.name, one, 1, NULL, NULL) == 0 ? 0 : 1;
}

static bool is_wanted(const char *name, int argc, char **argv)
{
    bool wanted = argc < 2;
    for (int i = 1; i < argc; i++)
        wanted = wanted || strcmp(argv[i], name) == 0;
    return wanted;
}

int unit_main(const struct unit_test *tests, size_t ntests, int argc, char **argv)
{
    unsigned passed = 0;
    unsigned failed = 0;
    unsigned defects = 0;
    for (size_t i = 0; i < ntests; i++) {
        if (!is_wanted(tests[i].test.name, argc, argv))
            continue;
        struct unit_test test = tests[i];
        int result = unit_in_child(run_one, &test);
        if (result > 1)
            fprintf(stderr, "%s: ended with %d\n", test.test.name, result);
        if (test.defect == NULL) {
            *(result == 0 ? &passed : &failed) += 1;
        } else if (result != 0) {
            fprintf(stderr, "%s: fails as known: %s\n", test.test.name, test.defect);
            defects++;
        } else {
            fprintf(stderr, "%s: passes now; make it a UNIT_TEST\n", test.test.name);
            failed++;
        }
    }
    if (defects != 0)
        fprintf(stderr, "%u known defects\n", defects);
    fprintf(stderr, "%u passed, %u failed\n", passed, failed);
    return failed == 0 && passed + defects != 0 ? 0 : 1;
}

struct death {
    void (*fn)(void *);
    void *arg;
    const char *text;
};

/* 0: died with the text; 1: did not die; 2: died of something else. */
static int die(void *arg)
{
    const struct death *death = arg;
    sigjmp_buf end;
    ac_fake_forget_written();
    ac_fake_catch_abort(&end);
    if (sigsetjmp(end, 0) == 0) {
        death->fn(death->arg);
        return 1;
    }
    if (strstr(ac_fake_written(), death->text) != NULL)
        return 0;
    fprintf(stderr, "expected \"%s\", got: %s", death->text, ac_fake_written());
    return 2;
}

void unit_expect_death(void (*fn)(void *), void *arg, const char *text)
{
    struct death death = {fn, arg, text};
    assert_int_equal(unit_in_child(die, &death), 0);
}

struct job {
    void *(*fn)(void *);
    void (*stand)(void *);
    void *arg;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool standing;
};

static void *run_job(void *arg)
{
    struct job *job = arg;
    ac_fake_thread_begin();
    void *result = job->fn(job->arg);
    ac_fake_thread_end();
    return result;
}

void *unit_in_thread(void *(*fn)(void *), void *arg)
{
    struct job job = {.fn = fn, .arg = arg};
    pthread_t thread;
    void *result;
    assert_int_equal(pthread_create(&thread, NULL, run_job, &job), 0);
    pthread_join(thread, &result);
    return result;
}

static void *run_and_stand(void *arg)
{
    struct job *job = arg;
    job->stand(job->arg);
    pthread_mutex_lock(&job->mutex);
    job->standing = true;
    pthread_cond_signal(&job->changed);
    pthread_mutex_unlock(&job->mutex);
    for (;;)
        pause();
    return NULL;
}

void unit_in_standing_thread(void (*fn)(void *), void *arg)
{
    static struct job jobs[16];
    static unsigned njobs;
    assert_true(njobs < 16);
    struct job *job = &jobs[njobs++];
    pthread_t thread;
    job->stand = fn;
    job->arg = arg;
    pthread_mutex_init(&job->mutex, NULL);
    pthread_cond_init(&job->changed, NULL);
    assert_int_equal(pthread_create(&thread, NULL, run_and_stand, job), 0);
    pthread_mutex_lock(&job->mutex);
    while (!job->standing)
        pthread_cond_wait(&job->changed, &job->mutex);
    pthread_mutex_unlock(&job->mutex);
}

uint64_t unit_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *state = x;
    return x * 0x2545f4914f6cdd1du;
}

static unsigned char pattern_at(uint64_t seed, size_t at)
{
    uint64_t x = (seed ^ at * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;
    return (unsigned char)(x >> 56);
}

/* Every byte near both ends, then one byte a page. */
static size_t next_at(size_t at, size_t size)
{
    if (at < PATTERN_BYTES || at + PATTERN_BYTES >= size)
        return at + 1;
    size_t far = at + STRIDE_BYTES;
    return far + PATTERN_BYTES < size ? far : size - PATTERN_BYTES;
}

void unit_fill(void *block, size_t size, uint64_t seed)
{
    unsigned char *p = block;
    for (size_t at = 0; at < size; at = next_at(at, size))
        p[at] = pattern_at(seed, at);
}

bool unit_is_filled(const void *block, size_t size, uint64_t seed)
{
    const unsigned char *p = block;
    for (size_t at = 0; at < size; at = next_at(at, size)) {
        if (p[at] != pattern_at(seed, at))
            return false;
    }
    return true;
}

bool unit_is_zero(const void *block, size_t size)
{
    const unsigned char *p = block;
    return size == 0 || (p[0] == 0 && memcmp(p, p + 1, size - 1) == 0);
}
