/* SPDX-License-Identifier: MIT
 *
 * options.c -- options: acre_option_get and _set with their error codes, ACRE_CONF read at start, a bad item
 * skipped with one warning that names it, and nothing said about good ones.
 *
 * The program starts itself with ACRE_CONF set, prints the values there and compares that and the warnings
 * here.
 */
#include <sys/wait.h>

#include "support/family.h"

typedef int get_function(const char *, size_t *);
typedef int set_function(const char *, size_t);

static get_function *get;
static set_function *set;

static const char *const all[] = {"decay_ms",        "dirty_min", "helper",
                                  "foreign_to_libc", "shards",    "page_size"};

enum { COUNT = sizeof all / sizeof all[0] };

static size_t value_of(const char *name)
{
    size_t value = 4711;
    CHECK_CASE("option %s", name);
    CHECK_EQ(get(name, &value), 0);
    return value;
}

static void unknown_names(void)
{
    static const char *const names[] = {"", "nonsense", "decay", "decay_m", "decay_ms ", "DECAY_MS", "state"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t value = 4711;
        CHECK_CASE("option '%s'", names[i]);
        CHECK_EQ(get(names[i], &value), ENOENT);
        CHECK_EQ(value, 4711);
        CHECK_EQ(set(names[i], 1), ENOENT);
    }
}

static void set_and_get(const char *name, size_t low, size_t high)
{
    size_t before = value_of(name);
    CHECK_EQ(set(name, low), 0);
    CHECK_EQ(value_of(name), low);
    CHECK_EQ(set(name, high), 0);
    CHECK_EQ(value_of(name), high);
    CHECK_EQ(set(name, high + 1), ERANGE);
    CHECK_EQ(set(name, SIZE_MAX), ERANGE);
    CHECK_EQ(value_of(name), high);
    free(check_escape(malloc(100000)));
    CHECK_EQ(set(name, before), 0);
}

static void start_options(const char *name)
{
    size_t before = value_of(name);
    CHECK_EQ(set(name, 0), EPERM);
    CHECK_EQ(value_of(name), before);
}

static int print_values(void)
{
    for (size_t i = 0; i < COUNT; i++)
        printf("%s=%zu\n", all[i], value_of(all[i]));
    return 0;
}

/* What the program prints, on both streams, when it is started with this ACRE_CONF. */
static void run_with(const char *conf, char *out, size_t capacity)
{
    int pipe_ends[2];
    CHECK_EQ(pipe(pipe_ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipe_ends[1], STDOUT_FILENO);
        dup2(pipe_ends[1], STDERR_FILENO);
        close(pipe_ends[0]);
        close(pipe_ends[1]);
        setenv("ACRE_CONF", conf, 1);
        execl("/proc/self/exe", "options", "values", NULL);
        _exit(127);
    }
    close(pipe_ends[1]);
    size_t length = 0;
    ssize_t got;
    while ((got = read(pipe_ends[0], out + length, capacity - 1 - length)) > 0)
        length += (size_t)got;
    out[length] = '\0';
    close(pipe_ends[0]);
    int status = -1;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_CASE("ACRE_CONF=%s", conf);
    CHECK_EQ(status, 0);
}

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        count++;
    return count;
}

static void expect(const char *conf, const char *setting, size_t warnings)
{
    char out[4096];
    run_with(conf, out, sizeof out);
    if (!strstr(out, setting) || count_of(out, "acre: ") != warnings)
        check_note("%s", out);
    CHECK(strstr(out, setting));
    CHECK_EQ(count_of(out, "acre: "), warnings);
}

static void environment(void)
{
    char setting[64];
    snprintf(setting, sizeof setting, "decay_ms=%zu\n", value_of("decay_ms"));
    expect("", setting, 0);
    expect("decay_ms=250", "decay_ms=250\n", 0);
    expect("decay_ms=250,dirty_min=8M", "decay_ms=250\ndirty_min=8388608\n", 0);
    expect("dirty_min=64K,decay_ms=0,helper=0", "decay_ms=0\ndirty_min=65536\nhelper=0\n", 0);
    expect("helper=off", "helper=0\n", 0);
    expect("foreign_to_libc=no,helper=yes", "helper=1\nforeign_to_libc=0\n", 0);
    expect("page_size=65536", "page_size=65536\n", 0);
    expect("shards=2", "shards=2\n", 0);
    expect("nonsense=1,decay_ms=250", "decay_ms=250\n", 1);
    expect("decay_ms=3600001", setting, 1);
    expect("decay_ms=-1", setting, 1);
    expect("decay_ms=12x", setting, 1);
    expect("decay_ms=", setting, 1);
    expect("decay_ms", setting, 1);
    expect("decay_ms=99999999999999999999999", setting, 1);
    expect(",,decay_ms=7,,", "decay_ms=7\n", 0);
    expect("decay_mss=7", "nearest is 'decay_ms'", 1);
    expect("page_size=5000", "page_size=0\n", 1);
}

int main(int count, char **arguments)
{
    get = (get_function *)dlsym(RTLD_DEFAULT, "acre_option_get");
    set = (set_function *)dlsym(RTLD_DEFAULT, "acre_option_set");
    if (!family_on_acre())
        check_skip("acre does not serve malloc here");
    CHECK(get && set);
    if (count > 1 && strcmp(arguments[1], "values") == 0)
        return print_values();
    unknown_names();
    set_and_get("decay_ms", 0, 3600000);
    set_and_get("dirty_min", 0, (size_t)1 << 40);
    set_and_get("helper", 0, 1);
    set_and_get("foreign_to_libc", 0, 1);
    start_options("shards");
    start_options("page_size");
    environment();
    return 0;
}
