// SPDX-License-Identifier: MIT
//
// operators.cc -- a C++ program with acre inside; fails unless new, containers and threads get acre's.
#include <acre/acre.h>
#include <cstdio>
#include <map>
#include <new>
#include <string>
#include <thread>

struct alignas(256) wide {
    char bytes[300];
};

static bool throws_when_refused()
{
    try {
        volatile size_t much = static_cast<size_t>(-1) / 2;
        char *volatile block = new char[much]; // volatile: or the compiler drops the pair
        delete[] block;
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

int main()
{
    char *block = new char[100];
    wide *aligned = new wide;
    bool right = acre_usable_size(block) == 112 && acre_usable_size(aligned) >= sizeof(wide) &&
                 reinterpret_cast<size_t>(aligned) % 256 == 0 && throws_when_refused();
    std::printf("new char[100] has %zu usable bytes\n", acre_usable_size(block));
    delete[] block;
    delete aligned;
    std::thread([] {
        std::map<int, std::string> words;
        for (int i = 0; i < 1000; i++)
            words[i] = std::string(static_cast<size_t>(i), 'x');
    }).join();
    return right ? 0 : 1;
}
