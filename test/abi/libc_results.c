/* SPDX-License-Identifier: MIT
 *
 * libc_results.c -- what libc's own functions allocate for the caller comes from the replaced malloc and goes
 * back through the replaced free.
 */
#include <dirent.h>
#include <glob.h>
#include <locale.h>
#include <malloc.h>
#include <netdb.h>
#include <regex.h>
#include <search.h>
#include <wchar.h>

#include "support/family.h"

static size_t (*acre_usable)(const void *);

/* The block holds what libc wrote and is of the heap under test; acre ends the process over a foreign one. */
static void check_and_free(const char *name, void *block, size_t least_bytes)
{
    CHECK_CASE("result of %s", name);
    CHECK(block);
    CHECK_LE(least_bytes, malloc_usable_size(block));
    if (acre_usable)
        CHECK_EQ(acre_usable(block), malloc_usable_size(block));
    free(block);
}

static void strings(void)
{
    char *text = NULL;
    wchar_t *wide = NULL;
    check_and_free("strdup", strdup("twenty-two characters."), 23);
    check_and_free("strndup", strndup("twenty-two characters.", 6), 7);
    check_and_free("wcsdup", wcsdup(L"wide"), 5 * sizeof(wchar_t));
    CHECK_EQ(asprintf(&text, "%0500d", 7), 500);
    check_and_free("asprintf", text, 501);
    CHECK_EQ(sscanf("word rest", "%ms", &text), 1);
    check_and_free("sscanf %ms", text, 5);
    CHECK_EQ(sscanf("word rest", "%mls", &wide), 1);
    check_and_free("sscanf %mls", wide, 5 * sizeof(wchar_t));
}

static void streams(void)
{
    char *text = NULL;
    size_t capacity = 0, length = 0;
    FILE *file = tmpfile();
    CHECK(file);
    for (int i = 0; i < 2000; i++)
        CHECK_EQ(fprintf(file, "%0*d\n", i % 300 + 1, i) < 0, 0);
    rewind(file);
    for (int i = 0; i < 2000; i++) {
        CHECK(getline(&text, &capacity, file) > 0);
        CHECK_EQ(atoi(text), i);
    }
    CHECK_EQ(fclose(file), 0);
    check_and_free("getline", text, capacity);
    file = open_memstream(&text, &length);
    CHECK(file);
    for (int i = 0; i < 20000; i++)
        fputs("0123456789", file);
    CHECK_EQ(fclose(file), 0);
    CHECK_EQ(length, 200000);
    check_and_free("open_memstream", text, length + 1);
}

static void paths(void)
{
    glob_t found;
    struct dirent **entries = NULL;
    check_and_free("realpath", realpath("/proc/../proc", NULL), 6);
    check_and_free("getcwd", getcwd(NULL, 0), 2);
    check_and_free("get_current_dir_name", get_current_dir_name(), 2);
    CHECK_EQ(glob("/proc/[0-9]*", 0, NULL, &found), 0);
    CHECK(found.gl_pathc > 0);
    globfree(&found);
    int count = scandir("/proc/self", &entries, NULL, alphasort);
    CHECK(count > 5);
    for (int i = 0; i < count; i++)
        check_and_free("scandir", entries[i], 20);
    check_and_free("scandir", entries, (size_t)count * sizeof *entries);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void structures(void)
{
    regex_t pattern;
    void *tree = NULL;
    struct addrinfo *addresses = NULL, hints = {.ai_flags = AI_NUMERICHOST};
    CHECK_EQ(regcomp(&pattern, "^(a+|b*)[^x]{3,40}$", REG_EXTENDED), 0);
    CHECK_EQ(regexec(&pattern, "aaaaccc", 0, NULL, 0), 0);
    regfree(&pattern);
    CHECK(tsearch("one", &tree, by_name) && tsearch("two", &tree, by_name) && tfind("one", &tree, by_name));
    CHECK(tdelete("one", &tree, by_name) && tdelete("two", &tree, by_name));
    CHECK_EQ(getaddrinfo("127.0.0.1", "80", &hints, &addresses), 0);
    freeaddrinfo(addresses);
    locale_t locale = newlocale(LC_ALL_MASK, "C.UTF-8", NULL);
    if (locale)
        freelocale(locale);
    CHECK_EQ(setenv("ACRE_TEST_VARIABLE", "value", 1), 0);
    CHECK(strcmp(getenv("ACRE_TEST_VARIABLE"), "value") == 0);
    CHECK_EQ(unsetenv("ACRE_TEST_VARIABLE"), 0);
}

/* A stream and its buffer are live heap while it is open (glibc counts cached blocks as live, too). */
static void stream_buffers_are_ours(void)
{
    char byte;
    size_t before = mallinfo2().uordblks;
    FILE *file = fopen("/proc/self/maps", "r");
    CHECK(file && fread(&byte, 1, 1, file) == 1);
    CHECK_LE(before + 1024, mallinfo2().uordblks);
    CHECK_EQ(fclose(file), 0);
}

int main(void)
{
    acre_usable = (size_t(*)(const void *))dlsym(RTLD_DEFAULT, "acre_usable_size");
    for (int round = 0; round < 3; round++) {
        strings();
        streams();
        paths();
        structures();
        if (acre_usable)
            stream_buffers_are_ours();
    }
    return 0;
}
