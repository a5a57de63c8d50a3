/* SPDX-License-Identifier: MIT
 *
 * cxx_in_c.c -- a C program without libstdc++ loads a C++ library: new throws bad_alloc there and calls the
 * new handler, though no C++ runtime was in the process when it started, nor in its global scope.
 *
 *   cxx_in_c local|global
 */
#include <malloc.h>

#include "support/family.h"

static void *module;

static void *find(const char *name)
{
    void *function = dlsym(module, name);
    CHECK_CASE("%s", name);
    CHECK(function);
    return function;
}

static int call(const char *name)
{
    return ((int (*)(void))find(name))();
}

int main(int count, char **arguments)
{
    char path[512];
    const char *folder = getenv("ACRE_TEST_BIN");
    int scope = count > 1 && strcmp(arguments[1], "global") == 0 ? RTLD_GLOBAL : RTLD_LOCAL;
    snprintf(path, sizeof path, "%s/abi.cxx_module.so", folder ? folder : ".");
    CHECK(!dlsym(RTLD_DEFAULT, "_ZSt15get_new_handlerv"));
    module = dlopen(path, RTLD_NOW | scope);
    if (!module)
        check_note("%s", dlerror());
    CHECK(module);
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(call("module_containers"), 1000);
        CHECK_EQ(call("module_bad_alloc"), 1);
        CHECK_EQ(call("module_nothrow"), 1);
        CHECK_EQ(call("module_handler"), 3);
        CHECK_EQ(call("module_throwing_handler"), 1);
        void *block = ((void *(*)(size_t))find("module_new"))(1000);
        CHECK(block);
        free(block);
        ((void (*)(void *))find("module_delete"))(check_escape(malloc(100)));
    }
    CHECK_EQ(dlclose(module), 0);
    free(check_escape(malloc(100)));
    return 0;
}
