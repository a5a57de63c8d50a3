/* SPDX-License-Identifier: MIT
 *
 * A plugin that allocates in its constructor and destructor is loaded and unloaded 500 times, while two
 * threads churn and a third calls into it; blocks it made are freed after it is gone.
 */
#include "life/life.h"

#include <dlfcn.h>

enum { LOADS = 500, WARM_UP = 100, CHURNERS = 2, KEPT = 10 };

typedef void *make_function(size_t size, uint64_t seed);

static int stop;

static void *churn(void *unused)
{
    struct life_pool *pool = calloc(1, sizeof *pool);
    CHECK(pool != NULL);
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        life_churn(pool, 500, 50 * LIFE_KIB);
    life_pool_free(pool);
    free(pool);
    return unused;
}

struct visit {
    make_function *make;
    void *made;
};

static void *visit_plugin(void *argument)
{
    struct visit *visit = argument;
    visit->made = visit->make(5000, 7);
    return NULL;
}

static void load_and_unload(const char *path)
{
    void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (plugin == NULL)
        check_note("%s", dlerror());
    CHECK(plugin != NULL);
    make_function *make = (make_function *)dlsym(plugin, "plugin_make");
    CHECK(make != NULL);
    void *kept[KEPT];
    for (size_t i = 0; i < KEPT; i++)
        kept[i] = make((size_t)20 << i, i);
    struct visit visit = {make, NULL};
    life_join(life_thread(visit_plugin, &visit));
    CHECK_EQ(dlclose(plugin), 0);
    CHECK(dlopen(path, RTLD_NOW | RTLD_NOLOAD) == NULL); /* really gone */
    for (size_t i = 0; i < KEPT; i++)
        life_free(kept[i]);
    life_free(visit.made);
}

int main(void)
{
    const char *folder = getenv("ACRE_TEST_BIN");
    CHECK(folder != NULL);
    char path[4096];
    snprintf(path, sizeof path, "%s/life.plugin_lib.so", folder);
    life_deadline(60, "a plugin loaded and unloaded");
    pthread_t churners[CHURNERS];
    for (size_t i = 0; i < CHURNERS; i++)
        churners[i] = life_thread(churn, NULL);
    size_t rss_before = 0;
    for (int n = 0; n < LOADS; n++) {
        if (n == WARM_UP)
            rss_before = life_rss_kib();
        load_and_unload(path);
    }
    size_t rss_after = life_rss_kib();
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (size_t i = 0; i < CHURNERS; i++)
        life_join(churners[i]);
    life_bound("RSS growth over 400 loads", rss_after > rss_before ? rss_after - rss_before : 0, 8 * 1024,
               "KiB");
    return 0;
}
