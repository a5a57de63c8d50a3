/* SPDX-License-Identifier: MIT
 *
 * Threads whose thread_local objects and pthread keys allocate and free while the thread dies, in every
 * destructor round, on both sides of the allocator's own key: nothing may be lost over 20 000 threads, or as
 * many as the argument says.
 */
#include "life/life.h"

#include <climits>
#include <string>
#include <vector>

namespace
{

enum { BATCH = 8, WARM_UP_THREADS = 1000, THREADS = 20000, LATE_KEYS = 3 };

pthread_key_t early_key; /* created before main and, in a static program, before the first allocation */
pthread_key_t late_keys[LATE_KEYS]; /* created after the allocator has been used */
pthread_key_t quiet_key;
unsigned long rounds_run;
void *left_for_joiner[BATCH];

/* What a key's value points to: the round it is in and a block handed from round to round. */
struct pass {
    pthread_key_t key;
    int round;
    void *carried;
};

void allocate_some(uint64_t seed)
{
    static const size_t sizes[] = {16, 40, 100, 500, 1000, 3000, 9000, 33000, 70000};
    for (size_t size : sizes)
        life_free(life_block(size, seed));
}

/* Re-arms its own key in every round libc offers, and allocates, frees and carries a block over in each. */
void destroy_value(void *value)
{
    pass *p = static_cast<pass *>(value);
    __atomic_fetch_add(&rounds_run, 1, __ATOMIC_RELAXED);
    allocate_some(static_cast<uint64_t>(p->round));
    if (p->carried != nullptr)
        life_free(p->carried);
    p->carried = nullptr;
    if (++p->round == PTHREAD_DESTRUCTOR_ITERATIONS) {
        free(p);
        return;
    }
    p->carried = life_block(200, static_cast<uint64_t>(p->round));
    CHECK_EQ(pthread_setspecific(p->key, p), 0);
}

void arm(pthread_key_t key)
{
    pass *p = static_cast<pass *>(calloc(1, sizeof(pass)));
    CHECK(p != nullptr);
    p->key = key;
    CHECK_EQ(pthread_setspecific(key, p), 0);
}

struct noisy {
    std::vector<std::string> held;
    noisy() : held(10, std::string(100, 'x')) {}
    ~noisy()
    {
        allocate_some(held.size());
        held.emplace_back(5000, 'y');
    }
};

thread_local noisy object;

void *thread_body(void *index)
{
    arm(early_key);
    CHECK_EQ(object.held.size(), 10);
    allocate_some(1);
    for (pthread_key_t key : late_keys)
        arm(key);
    left_for_joiner[reinterpret_cast<uintptr_t>(index)] = life_block(600, 2);
    return nullptr;
}

void destroy_quiet(void *value)
{
    allocate_some(reinterpret_cast<uintptr_t>(value));
}

/* A thread whose first and only allocations happen in a destructor. */
void *quiet_body(void *index)
{
    CHECK_EQ(pthread_setspecific(quiet_key, index), 0);
    return nullptr;
}

void run_threads(int nthreads)
{
    pthread_t threads[BATCH];
    for (int done = 0; done < nthreads; done += BATCH) {
        for (uintptr_t i = 0; i < BATCH; i++)
            threads[i] = life_thread(i % 4 == 3 ? quiet_body : thread_body, reinterpret_cast<void *>(i));
        for (uintptr_t i = 0; i < BATCH; i++) {
            life_join(threads[i]);
            if (i % 4 != 3)
                life_free(left_for_joiner[i]);
        }
    }
}

__attribute__((constructor(101))) void create_early_key()
{
    CHECK_EQ(pthread_key_create(&early_key, destroy_value), 0);
}

} // namespace

int main(int argc, char **argv)
{
    int nthreads = argc > 1 ? atoi(argv[1]) : THREADS;
    life_deadline(argc > 1 ? 0 : 110, "threads with late destructors");
    life_free(life_block(50, 0));
    for (pthread_key_t &key : late_keys)
        CHECK_EQ(pthread_key_create(&key, destroy_value), 0);

    CHECK_EQ(pthread_key_create(&quiet_key, destroy_quiet), 0);
    run_threads(WARM_UP_THREADS);
    size_t rss_before = life_rss_kib();
    size_t used_before = mallinfo2().uordblks;
    run_threads(nthreads);
    size_t rss_after = life_rss_kib();
    size_t used_after = mallinfo2().uordblks;

    unsigned long expected = (unsigned long)(WARM_UP_THREADS + nthreads) / 4 * 3 * (1 + LATE_KEYS);
    CHECK_EQ(rounds_run, expected * PTHREAD_DESTRUCTOR_ITERATIONS);
    life_bound("RSS growth over all threads", rss_after > rss_before ? rss_after - rss_before : 0, 4096,
               "KiB");
    life_bound("growth of live bytes over all threads",
               used_after > used_before ? used_after - used_before : 0, 4 * LIFE_MIB, "bytes");
    return 0;
}
