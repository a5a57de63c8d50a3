// SPDX-License-Identifier: MIT
//
// raw_vector.cc -- a container of raw pointers that goes out of scope. `clean`: of unique ones.
//
// Lost: 30 shapes of 72 bytes (direct), each with a label of 64 bytes (indirect).
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace shapes
{

struct Shape {
    virtual ~Shape() = default;
    explicit Shape(int n) : label(63, static_cast<char>('a' + n % 26)), size{} {}
    std::string label;
    double size[4];
};

__attribute__((noinline)) Shape *make_shape(int n)
{
    return new Shape(n);
}

__attribute__((noinline)) std::size_t draw(int count)
{
    std::vector<Shape *> scene;
    for (int i = 0; i < count; i++)
        scene.push_back(make_shape(i));
    return scene.size();
}

__attribute__((noinline)) std::size_t draw_and_own(int count)
{
    std::vector<std::unique_ptr<Shape>> scene;
    for (int i = 0; i < count; i++)
        scene.emplace_back(make_shape(i));
    return scene.size();
}

} // namespace shapes

// A static container with a destructor, and one that is never destroyed: neither is a leak.
static std::map<std::string, int> registry;
static auto &forever = *new std::map<std::string, int>;

int main(int argc, char **argv)
{
    for (int i = 0; i < 20; i++) {
        registry["a name that is longer than fits into the string " + std::to_string(i)] = i;
        forever["another name that is longer than fits there " + std::to_string(i)] = i;
    }
    bool clean = argc > 1 && std::strcmp(argv[1], "clean") == 0;
    std::printf("%zu shapes\n", clean ? shapes::draw_and_own(30) : shapes::draw(30));
    return 0;
}
