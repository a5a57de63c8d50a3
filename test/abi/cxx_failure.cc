/* SPDX-License-Identifier: MIT
 *
 * cxx_failure.cc -- what operator new does without memory: bad_alloc from the throwing forms, NULL from the
 * nothrow ones, the new handler called until it helps, gives up or throws; and an exception passes unharmed.
 */
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/check.h"

namespace
{

enum : size_t {
    WANTED_BYTES = size_t(256) << 20,
    HOARD_BYTES = size_t(1) << 30,
    HEADROOM_BYTES = size_t(64) << 20
};
/* libstdc++'s own aligned forms wrap the very largest sizes round to small ones. */
const size_t impossible[] = {SIZE_MAX, SIZE_MAX - 100, size_t(PTRDIFF_MAX) + 1, PTRDIFF_MAX, size_t(1) << 60};

enum { FORMS = 8 };

void *make(int form, size_t size)
{
    const std::align_val_t alignment{64};
    switch (form) {
    case 0:
        return ::operator new(size);
    case 1:
        return ::operator new[](size);
    case 2:
        return ::operator new(size, alignment);
    case 3:
        return ::operator new[](size, alignment);
    case 4:
        return ::operator new(size, std::nothrow);
    case 5:
        return ::operator new[](size, std::nothrow);
    case 6:
        return ::operator new(size, alignment, std::nothrow);
    default:
        return ::operator new[](size, alignment, std::nothrow);
    }
}

void release(int form, void *block)
{
    if (form % 4 < 2)
        ::operator delete(block);
    else
        ::operator delete (block, std::align_val_t{64});
}

bool throws(int form)
{
    return form < 4;
}

void without_handler(int form, size_t size)
{
    CHECK_CASE("form %d, size 0x%zx, no handler", form, size);
    bool caught = false;
    void *block = nullptr;
    try {
        block = make(form, check_opaque(size));
    } catch (const std::bad_alloc &error) {
        caught = true;
        CHECK(error.what() && error.what()[0]);
    }
    CHECK_EQ(caught, throws(form));
    CHECK_EQ(block, nullptr);
}

int handler_calls;

void handler_that_gives_up()
{
    if (++handler_calls == 5)
        std::set_new_handler(nullptr);
}

void handler_called_again_and_again(int form)
{
    CHECK_CASE("form %d, handler gives up at its fifth call", form);
    handler_calls = 0;
    std::set_new_handler(handler_that_gives_up);
    without_handler(form, SIZE_MAX - 4096);
    CHECK_EQ(handler_calls, 5);
    CHECK(std::get_new_handler() == nullptr);
}

struct OwnError : std::bad_alloc {
    int mark = 4711;
};

void handler_that_throws()
{
    handler_calls++;
    throw OwnError();
}

/* The handler's own exception comes out of a throwing form; a nothrow form swallows it and returns NULL. */
void handler_throws(int form)
{
    CHECK_CASE("form %d, throwing handler", form);
    handler_calls = 0;
    std::set_new_handler(handler_that_throws);
    int mark = 0;
    try {
        CHECK_EQ(make(form, SIZE_MAX / 2 + 100), nullptr);
    } catch (const OwnError &error) {
        mark = error.mark;
    }
    std::set_new_handler(nullptr);
    CHECK_EQ(mark, throws(form) ? 4711 : 0);
    CHECK_EQ(handler_calls, 1);
}

void *hoard;

void handler_that_frees()
{
    if (++handler_calls == 3)
        CHECK_EQ(munmap(hoard, HOARD_BYTES), 0);
}

size_t address_space_bytes()
{
    char line[128] = {};
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file && fgets(line, sizeof line, file));
    fclose(file);
    return strtoul(line, nullptr, 10) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

/* Address space is short until the third call gives a hoard back: the same new then succeeds. */
void handler_helps(int form)
{
    CHECK_CASE("form %d, handler frees memory at its third call", form);
    hoard = mmap(nullptr, HOARD_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(hoard != MAP_FAILED);
    struct rlimit old, low;
    CHECK_EQ(getrlimit(RLIMIT_AS, &old), 0);
    low = old;
    low.rlim_cur = address_space_bytes() + HEADROOM_BYTES;
    handler_calls = 0;
    std::set_new_handler(handler_that_frees);
    CHECK_EQ(setrlimit(RLIMIT_AS, &low), 0);
    auto *block = static_cast<char *>(make(form, WANTED_BYTES));
    CHECK_EQ(setrlimit(RLIMIT_AS, &old), 0);
    std::set_new_handler(nullptr);
    CHECK(block);
    CHECK_EQ(handler_calls, 3);
    block[0] = block[WANTED_BYTES - 1] = 'x';
    release(form, block);
}

template <class Error, class Function>
bool raises(Function function)
{
    try {
        function();
    } catch (const Error &) {
        return true;
    }
    return false;
}

void through_the_standard_library()
{
    CHECK_CASE("%s", "standard library");
    size_t length = check_opaque(PTRDIFF_MAX);
    CHECK(raises<std::bad_alloc>([&] { (void)std::allocator<char>().allocate(length); }));
    /* gcc throws bad_array_new_length, which is a bad_alloc; clang asks operator new for SIZE_MAX. */
    CHECK(raises<std::bad_alloc>([&] {
        int *volatile kept = new int[length];
        delete[] kept;
    }));
    CHECK(raises<std::length_error>([&] { std::vector<int>().reserve(length); }));
    CHECK(raises<std::bad_alloc>([&] { std::vector<char>().reserve(length - 1); }));
    CHECK(raises<std::bad_alloc>([&] { std::string(length / 2, 'x'); }));
    CHECK_EQ((new (std::nothrow) char[length - 64]), nullptr);
}

} // namespace

int main()
{
    bool on_acre = dlsym(RTLD_DEFAULT, "acre_version") != nullptr;
    for (int form = 0; form < FORMS; form++) {
        for (size_t size : impossible) {
            if (on_acre || form % 4 < 2 || size < SIZE_MAX - 100)
                without_handler(form, size);
        }
        handler_called_again_and_again(form);
        handler_throws(form);
        handler_helps(form);
    }
    through_the_standard_library();
    return 0;
}
