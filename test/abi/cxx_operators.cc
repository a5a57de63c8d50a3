/* SPDX-License-Identifier: MIT
 *
 * cxx_operators.cc -- all twenty operators new and delete: blocks are unique, aligned and big enough, every
 * delete takes NULL and keeps errno, classes and arrays run their constructors and destructors.
 */
#include <malloc.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "support/check.h"

namespace
{

const size_t sizes[] = {0, 1, 8, 15, 16, 17, 100, 128, 1000, 4096, 20000, 32769, 300001, 5u << 20};
const std::nothrow_t &quiet = std::nothrow;

/* The eight forms of new; alignment is used by the last four. */
void *make(int form, size_t size, std::align_val_t alignment)
{
    switch (form) {
    case 0:
        return ::operator new(size);
    case 1:
        return ::operator new[](size);
    case 2:
        return ::operator new(size, quiet);
    case 3:
        return ::operator new[](size, quiet);
    case 4:
        return ::operator new(size, alignment);
    case 5:
        return ::operator new[](size, alignment);
    case 6:
        return ::operator new(size, alignment, quiet);
    default:
        return ::operator new[](size, alignment, quiet);
    }
}

/* The deletes that go with a form of new: which = 0, 1, 2 for plain, sized and nothrow. */
void release_one(int form, int which, void *block, size_t size, std::align_val_t alignment)
{
    switch (which + (form >= 4 ? 3 : 0)) {
    case 0:
        return ::operator delete(block);
    case 1:
        return ::operator delete(block, size);
    case 2:
        return ::operator delete(block, quiet);
    case 3:
        return ::operator delete(block, alignment);
    case 4:
        return ::operator delete(block, size, alignment);
    default:
        return ::operator delete(block, alignment, quiet);
    }
}

void release_array(int form, int which, void *block, size_t size, std::align_val_t alignment)
{
    switch (which + (form >= 4 ? 3 : 0)) {
    case 0:
        return ::operator delete[](block);
    case 1:
        return ::operator delete[](block, size);
    case 2:
        return ::operator delete[](block, quiet);
    case 3:
        return ::operator delete[](block, alignment);
    case 4:
        return ::operator delete[](block, size, alignment);
    default:
        return ::operator delete[](block, alignment, quiet);
    }
}

void release(int form, int which, void *block, size_t size, std::align_val_t alignment)
{
    if (form % 2 == 0)
        release_one(form, which, block, size, alignment);
    else
        release_array(form, which, block, size, alignment);
}

void check_form(int form, int which, size_t size, size_t alignment)
{
    CHECK_CASE("new form %d, delete %d, size %zu, alignment %zu", form, which, size, alignment);
    auto *first = static_cast<unsigned char *>(make(form, size, std::align_val_t(alignment)));
    auto *second = static_cast<unsigned char *>(make(form, size, std::align_val_t(alignment)));
    size_t promised = form >= 4 && alignment > 16 ? alignment : 16;
    CHECK(first && second && first != second);
    CHECK_EQ(reinterpret_cast<uintptr_t>(first) % promised, 0);
    CHECK_EQ(reinterpret_cast<uintptr_t>(second) % promised, 0);
    CHECK_LE(size, malloc_usable_size(first));
    memset(first, 1, size);
    memset(second, 2, size);
    CHECK(size == 0 || (first[0] == 1 && first[size - 1] == 1));
    errno = 4711;
    release(form, which, first, size, std::align_val_t(alignment));
    release(form, which, second, size, std::align_val_t(alignment));
    release(form, which, nullptr, size, std::align_val_t(alignment));
    CHECK_ERRNO(4711);
}

void all_forms()
{
    for (int form = 0; form < 8; form++) {
        for (int which = 0; which < 3; which++) {
            for (size_t size : sizes) {
                for (size_t alignment = 1; alignment <= (form < 4 ? 1u : 8192u); alignment *= 2)
                    check_form(form, which, size, alignment);
            }
        }
    }
}

int live_objects;

struct Base {
    Base()
    {
        live_objects++;
    }
    Base(const Base &) = delete;
    Base &operator=(const Base &) = delete;
    virtual ~Base()
    {
        live_objects--;
    }
    int filler[5] = {1, 2, 3, 4, 5};
};

struct Derived : Base {
    char more[300] = {};
};

struct alignas(256) Wide {
    char bytes[700] = {};
    ~Wide()
    {
        live_objects--;
    }
    Wide()
    {
        live_objects++;
    }
};

/* Through a base class and with array cookies the compiler picks the sized forms itself. */
void classes_and_arrays()
{
    CHECK_CASE("%s", "classes and arrays");
    for (int i = 0; i < 2000; i++) {
        std::unique_ptr<Base> object(i % 2 ? new Derived : new Base);
        std::unique_ptr<Base[]> array(new Base[static_cast<size_t>(i % 40)]);
        std::unique_ptr<Wide> wide(new Wide);
        std::unique_ptr<Wide[]> wides(new Wide[static_cast<size_t>(i % 7 + 1)]);
        CHECK_EQ(reinterpret_cast<uintptr_t>(wide.get()) % 256, 0);
        CHECK_EQ(reinterpret_cast<uintptr_t>(wides.get()) % 256, 0);
        CHECK_EQ(live_objects, 1 + i % 40 + 1 + i % 7 + 1);
    }
    CHECK_EQ(live_objects, 0);
}

/* Programs mix the families; in default mode that has to work. */
void mixing()
{
    for (size_t size : sizes) {
        CHECK_CASE("mixing, size %zu", size);
        free(check_escape(::operator new(size)));
        free(check_escape(::operator new[](size, quiet)));
        free(check_escape(::operator new(size, std::align_val_t(64))));
        ::operator delete(check_escape(malloc(size)));
        ::operator delete[](check_escape(calloc(1, size)));
        ::operator delete(check_escape(malloc(size)), size);
        ::operator delete(check_escape(::operator new[](size)));
        ::operator delete[](check_escape(::operator new(size)));
        void *grown = realloc(check_escape(::operator new(size)), size + 100);
        CHECK(grown);
        ::operator delete(grown, size + 100);
    }
}

} // namespace

int main()
{
    all_forms();
    classes_and_arrays();
    mixing();
    return 0;
}
