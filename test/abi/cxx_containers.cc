/* SPDX-License-Identifier: MIT
 *
 * cxx_containers.cc -- the standard containers, std::pmr resources, shared_ptr, futures and exceptions in
 * several threads that pass objects to each other; the sums come out as computed.
 */
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "support/check.h"

namespace
{

enum { THREADS = 4, ROUNDS = 12, ITEMS = 3000 };

std::string text_of(size_t number)
{
    return std::to_string(number) + std::string(number % 90, '.');
}

void maps_and_strings(size_t seed)
{
    std::unordered_map<std::string, std::vector<size_t>> table;
    std::map<size_t, std::shared_ptr<std::string>> order;
    for (size_t i = 0; i < ITEMS; i++) {
        size_t key = (i * 7919 + seed) % 997;
        table[text_of(key)].push_back(i);
        order[key] = std::make_shared<std::string>(text_of(key));
    }
    size_t total = 0;
    for (const auto &entry : table)
        total += entry.second.size();
    CHECK_EQ(total, ITEMS);
    for (const auto &entry : order)
        CHECK(*entry.second == text_of(entry.first));
}

void sequences(size_t seed)
{
    std::list<std::string> list;
    std::deque<size_t> deque;
    std::vector<std::string> vector;
    for (size_t i = 0; i < ITEMS; i++) {
        list.push_front(text_of(i + seed));
        deque.push_back(i);
        if (i % 3 == 0)
            deque.pop_front();
        vector.insert(vector.begin() + static_cast<ptrdiff_t>(vector.size() / 2), text_of(i));
        if (vector.size() > 200)
            vector.erase(vector.begin(), vector.begin() + 100);
    }
    list.sort();
    CHECK(std::is_sorted(list.begin(), list.end()));
    CHECK_EQ(deque.back(), ITEMS - 1);
}

void pmr_resources(size_t seed)
{
    std::pmr::unsynchronized_pool_resource pool;
    std::pmr::monotonic_buffer_resource arena(1000);
    std::pmr::vector<std::pmr::string> strings(&pool);
    std::pmr::map<int, std::pmr::string> map(&arena);
    for (int i = 0; i < ITEMS; i++) {
        strings.emplace_back(text_of(seed + static_cast<size_t>(i)));
        map.emplace(i, strings.back());
    }
    for (int i = 0; i < ITEMS; i++)
        CHECK(std::string_view(map.at(i)) == text_of(seed + static_cast<size_t>(i)));
    void *aligned = std::pmr::new_delete_resource()->allocate(1000, 512);
    CHECK_EQ(reinterpret_cast<uintptr_t>(aligned) % 512, 0);
    std::pmr::new_delete_resource()->deallocate(aligned, 1000, 512);
}

size_t thrown_and_caught(size_t depth)
{
    std::string on_the_way(depth % 60, 'e');
    if (depth == 0)
        throw std::runtime_error(text_of(80));
    return thrown_and_caught(depth - 1) + on_the_way.size();
}

void exceptions()
{
    for (size_t i = 0; i < 100; i++) {
        bool caught = false;
        try {
            thrown_and_caught(i % 30);
        } catch (const std::runtime_error &error) {
            caught = error.what() == text_of(80);
        }
        CHECK(caught);
    }
}

/* Objects made by one thread and destroyed by another. */
struct Mailbox {
    std::mutex mutex;
    std::condition_variable filled;
    std::deque<std::unique_ptr<std::vector<std::string>>> letters;
};

Mailbox boxes[THREADS];

void post(size_t to, size_t number)
{
    auto letter = std::make_unique<std::vector<std::string>>();
    for (size_t i = 0; i < 20; i++)
        letter->push_back(text_of(number + i));
    std::lock_guard<std::mutex> guard(boxes[to].mutex);
    boxes[to].letters.push_back(std::move(letter));
    boxes[to].filled.notify_one();
}

size_t take(size_t from)
{
    std::unique_lock<std::mutex> guard(boxes[from].mutex);
    boxes[from].filled.wait(guard, [&] { return !boxes[from].letters.empty(); });
    auto letter = std::move(boxes[from].letters.front());
    boxes[from].letters.pop_front();
    guard.unlock();
    return std::stoul(letter->front());
}

size_t worker(size_t number)
{
    size_t sum = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        maps_and_strings(number + round);
        sequences(number);
        pmr_resources(round);
        exceptions();
        for (size_t i = 0; i < 200; i++)
            post((number + 1) % THREADS, i);
        for (size_t i = 0; i < 200; i++)
            sum += take(number);
    }
    return sum;
}

} // namespace

int main()
{
    std::vector<std::future<size_t>> results;
    for (size_t i = 0; i < THREADS; i++)
        results.push_back(std::async(std::launch::async, worker, i));
    for (auto &result : results)
        CHECK_EQ(result.get(), size_t(ROUNDS) * 199 * 200 / 2);
    return 0;
}
